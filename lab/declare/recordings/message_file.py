"""A file of messages to replay; it is read in one streaming pass, and describes its missing parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.base.text_files import open_file
from lab.base.whole_lines import LineError
from lab.declare.recordings.values import Header, Recorded
from lab.errors import InputError, Place


class MessageFile(ABC):
    """A file that is being read; iterate once. Damage raises InputError, with file and line."""

    header: Header

    def __init__(self, path: Path, file: str = "") -> None:
        self.file = file or str(path)
        self.run: str | None = None  # of whose history it is, which has no bodies; None: it is a recording
        self.open = False  # once all was read: whether it has no end, so that more may be written to it
        self.loss = ""  # once all was read: what is missing in it, in words
        self.redacted: Mapping[str, int] = {}  # once all was read: header → messages in which its value was replaced
        self.messages = 0  # so far
        self._path, self._line = path, 1
        self._stream = open_file(path, self.file)

    @abstractmethod
    def __iter__(self) -> Iterator[Recorded]:
        """Yield each message."""

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def _refused(self, bad: LineError) -> InputError:
        return InputError.of(bad.what, bad.remedy, Place(file=self.file, line=self._line, column=bad.column))
