"""The file of a recording while it is written: whole lines within some milliseconds, packed if its name asks for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from msgspec import structs

from lab.base.text_files import append_to_new, unwritable
from lab.base.write_behind import WrittenBehind, write_octets
from lab.declare.recordings.lines import footer_line, header_line, line
from lab.declare.recordings.packing import packer
from lab.declare.recordings.values import Footer, Header, Recorded
from lab.errors import InputError

_SUFFIXES = (".jsonl", ".jsonl.gz")


def check_name(path: Path) -> None:
    """Raise InputError if a file's name is not a recording's."""
    if not path.name.endswith(_SUFFIXES):
        raise InputError.of(
            f"{path} is not the name of a recording",
            f"write {path.stem.removesuffix('.jsonl') or 'NAME'}{_SUFFIXES[0]}: "
            f"a recording ends in {' or '.join(_SUFFIXES)}",
        )


class RecordingFile(WrittenBehind[bytes]):
    """A new file of a recording; thread-safe. Only its owner may read it: bodies are kept as they are.

    Lines reach the file whole and in order, within `EVERY` seconds; a recording without a footer was cut
    short. InputError if the file exists; HostError, and no file, if its first line cannot be written.
    """

    def __init__(self, path: Path, header: Header) -> None:
        check_name(path)
        self.path = path
        self.messages = 0  # that were written whole; of those that a failing write had, some more may have been
        self.failed: OSError | None = None  # what kept it from being written
        self._digest = sha256()
        self._packer = packer(path)
        super().__init__(append_to_new(path, "name another file: mqlab does not overwrite a recording"))
        try:
            self._put(header_line(header))
        except OSError as error:
            os.close(self._file)
            path.unlink(missing_ok=True)
            raise unwritable(path, error, "record into a file on another disk") from error
        self._begin("mqlab-recording")

    def add(self, message: Recorded) -> None:
        """Add a message; raise LineError if no line can hold it, OSError if an earlier one could not be written."""
        octets = line(message)
        self._add(octets, 1 + len(octets) // 1024)

    def end(self, footer: Footer) -> Footer:
        """Write the rest and the footer, close, and return it with the number of messages and the digest.

        Raise OSError if not everything could be written.
        """
        self._finish()
        last = structs.replace(footer, messages=self.messages, digest=self._digest.hexdigest())
        self._put(footer_line(last), last=True)
        self.close()
        return last

    def _write(self, waiting: Sequence[bytes]) -> None:
        self._put(b"".join(waiting))
        self.messages += len(waiting)

    def _put(self, octets: bytes, *, last: bool = False) -> None:
        self._digest.update(octets)
        if self._packer is not None:
            octets = self._packer.pack(octets, last=last)
        try:
            write_octets(self._file, octets)
        except OSError as error:
            self.failed = error
            raise
