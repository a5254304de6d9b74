"""A recording's file → its messages, in one streaming pass.

A file that was cut short is read up to its last whole line, and describes its loss. A damaged line is an error with its
place.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from lab.base.units import several
from lab.base.whole_lines import LineError, portions
from lab.declare.recordings.lines import header_of, parsed, parsed_header
from lab.declare.recordings.message_file import MessageFile
from lab.declare.recordings.packing import unpacked
from lab.declare.recordings.values import Footer, Header, Recorded
from lab.errors import InputError


class IsHistory(InputError):
    """A file is no recording but the history of a run."""


class Reading(MessageFile):
    """A recording that is being read; iterate once. Damage raises InputError, with file and line.

    >>> with Reading(path) as reading:
    ...     reading.header.asked, [message.body for message in reading], reading.loss
    (('topic://prices.eur',), [b'1.08'], '')
    """

    def __init__(self, path: Path, file: str = "") -> None:
        super().__init__(path, file)
        self.footer: Footer | None = None  # once all was read, if it came to its end
        self._content: BinaryIO = self._stream
        self._half = b""  # of a line that was not ended
        self._digest = sha256()
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
                    raise LineError("a line after the last one", remedy="check whether the file has two recordings")
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
        self.open = self.footer is None
        if self.open:
            whole = several(self.messages, "whole message")
            self.loss = f"it was cut short after {whole}: later messages are lost"

    def _first(self) -> Header:
        try:
            octets = next(self._lines, None)
            if octets is None:
                raise LineError("this is no recording: it is empty, or its first line is cut short")
            self._digest.update(octets)
            found = header_of(octets)
            if "history" in found:
                raise self._is_history()
            return parsed_header(found)
        except LineError as bad:
            raise self._refused(bad) from bad
        except OSError as error:
            raise InputError.of(f"{self.file} cannot be read: {error.strerror}") from error

    def _is_history(self) -> InputError:
        if self._content is self._stream:
            return IsHistory.of(f"{self.file} is the history of a run, not a recording")
        return self._refused(
            LineError("this is the history of a run, and the file is packed", remedy="unpack the file first")
        )

    def _whole_lines(self) -> Iterator[bytes]:
        """Yield each line with its line feed; a half one at the end is dropped."""
        self._content = unpacked(self._stream)
        for portion in portions(self._content):
            whole, _, self._half = portion.rpartition(b"\n")
            for octets in whole.split(b"\n") if whole or portion[:1] == b"\n" else ():
                yield octets + b"\n"

    def _following(self) -> bytes | None:
        """Return the next line; None after the last one. An error in the line has this line as its place."""
        self._line += 1
        return next(self._lines, None)

    def _end(self, footer: Footer) -> None:
        if footer.messages != self.messages or footer.digest != self._digest.hexdigest():
            there, written = several(self.messages, "message"), footer.messages
            what = f"the recording was changed: it has {there}, and mqlab wrote {written}"
            raise LineError(what if footer.messages != self.messages else "the recording was changed")
        self.footer, self.redacted = footer, footer.redacted
