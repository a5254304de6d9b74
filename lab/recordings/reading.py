"""A recording's file → its messages, in one streaming pass.

One that was cut short is read up to its last whole line, and says what is lost. A line that is damaged is an error with
its place.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from lab.errors import InputError, Place
from lab.recordings.lines import parsed, parsed_header
from lab.recordings.values import Footer, Header, Recorded
from lab.recordings.writing import GZIP
from lab.text_files import open_file
from lab.units import several
from lab.whole_lines import PORTION, LineError, portions

_ZSTD = b"\x28\xb5\x2f\xfd"
_GZIP = b"\x1f\x8b"


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
        for portion in portions(_unpacked(self._stream)):
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


def _unpacked(stream: BinaryIO) -> BinaryIO:
    """Return a stream of a recording's lines, whatever its file's form; its first octets tell."""
    begin = stream.read(4)
    stream.seek(0)
    if begin == _ZSTD:
        raise LineError("it is compressed by zstd, which is not read here", remedy="unpack it first: zstd -d FILE")
    return io.BufferedReader(_Unzipped(stream), PORTION) if begin[:2] == _GZIP else stream


class _Unzipped(io.RawIOBase):
    """The content of a gzip stream, as far as it goes: one that was cut short ends there, without an error."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._unpack = zlib.decompressobj(wbits=GZIP)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into a buffer; raise LineError if the stream is damaged."""
        while not self._unpack.eof:
            packed = self._unpack.unconsumed_tail or self._stream.read(PORTION)
            try:
                octets = self._unpack.decompress(packed, len(buffer))
            except zlib.error as error:
                raise LineError(f"its gzip is damaged: {error}") from error
            if octets:
                buffer[: len(octets)] = octets
                return len(octets)
            if not packed:
                break
        if self._unpack.unused_data or (self._unpack.eof and self._stream.read(1)):
            raise LineError("more follows the end of its gzip")
        return 0
