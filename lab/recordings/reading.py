"""A recording's file → its messages, in one streaming pass.

One that was cut short is read up to its last whole line, and says what is lost. A line that is damaged is an error with
its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.errors import InputError, Place
from lab.recordings.lines import parsed, parsed_header
from lab.recordings.packing import unpacked
from lab.recordings.values import Footer, Header, Recorded
from lab.text_files import open_file
from lab.units import several
from lab.whole_lines import LineError, portions

_HISTORY = "history.jsonl"


class Reading:
    """A recording that is being read; iterate once. InputError, with file and line, for what is damaged.

    >>> with Reading(path) as reading:
    ...     reading.header.asked, [message.body for message in reading], reading.loss
    (('topic://prices.eur',), [b'1.08'], '')
    """

    def __init__(self, path: Path, file: str = "") -> None:
        self.file = file or str(path)
        self.footer: Footer | None = None  # once all was read, if it came to its end
        self.loss = ""  # once all was read: what is missing at its end, in words
        self.messages = 0
        self._line = 1
        self._half = b""  # of a line that was not ended
        self._digest = sha256()
        if (path / _HISTORY).is_file():  # the folder of a run, whose history says for itself that it is no recording
            path, self.file = path / _HISTORY, f"{self.file}/{_HISTORY}"
        self._stream = open_file(path, self.file)
        try:
            self._lines = self._whole_lines()
            self.header: Header = self._first()
        except BaseException:
            self._stream.close()
            raise

    def __iter__(self) -> Iterator[Recorded]:
        """Yield each message."""
        try:
            while (octets := self._following()) is not None:
                if self.footer is not None:
                    raise LineError("a line after the last one", remedy="are these two recordings in one file?")
                found = parsed(octets)
                if isinstance(found, Footer):
                    self._end(found)
                    continue
                self._digest.update(octets)
                self.messages += 1
                yield found
            if self.footer is not None and self._half:
                raise LineError("half a line after the last one")
        except LineError as bad:
            raise self._refused(bad) from bad
        except OSError as error:
            raise InputError.of(f"{self.file} cannot be read: {error.strerror}") from error
        if self.footer is None:
            whole = several(self.messages, "whole message")
            self.loss = f"it was cut short after {whole}: what came after them is lost"

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        """Return the reading."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def _first(self) -> Header:
        try:
            octets = next(self._lines, None)
            if octets is None:
                raise LineError("this is no recording: it is empty, or its first line is cut short")
            self._digest.update(octets)
            return parsed_header(octets)
        except LineError as bad:
            raise self._refused(bad) from bad
        except OSError as error:
            raise InputError.of(f"{self.file} cannot be read: {error.strerror}") from error

    def _whole_lines(self) -> Iterator[bytes]:
        """Yield each line with its line feed; a half one at the end is dropped."""
        for portion in portions(unpacked(self._stream)):
            whole, _, self._half = portion.rpartition(b"\n")
            for octets in whole.split(b"\n") if whole or portion[:1] == b"\n" else ():
                yield octets + b"\n"

    def _following(self) -> bytes | None:
        """Return the next line; None after the last one. What is wrong with it is wrong there."""
        self._line += 1
        return next(self._lines, None)

    def _end(self, footer: Footer) -> None:
        if footer.messages != self.messages or footer.digest != self._digest.hexdigest():
            there, written = several(self.messages, "message"), footer.messages
            what = f"it is not as it was written: {there} are there, {written} were written"
            raise LineError(what if footer.messages != self.messages else "it is not as it was written")
        self.footer = footer

    def _refused(self, bad: LineError) -> InputError:
        return InputError.of(bad.what, bad.remedy, Place(file=self.file, line=self._line, column=bad.column))
