"""The packed form of a recording's file, gzip: written with flushes, unpacked in bounded memory."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import BinaryIO

from lab.base.whole_lines import PORTION, LineError

_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPED = b"\x2a\x4d\x18"  # after 0x50 to 0x5f: a zstd frame without content, with which pzstd begins
_GZIP = b"\x1f\x8b"
_WBITS = 31  # of zlib: a window of 32 KiB, with gzip's header


class Packer:
    """Packs octets so that all that were handed over can be unpacked, though nothing follows."""

    def __init__(self) -> None:
        self._packed = zlib.compressobj(wbits=_WBITS)

    def pack(self, octets: bytes, *, last: bool) -> bytes:
        """Return packed octets; `last` ends the stream."""
        return self._packed.compress(octets) + self._packed.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


def packer(path: Path) -> Packer | None:
    """Return the packer for a file of that name; None for a plain file."""
    return Packer() if path.suffix == ".gz" else None


def unpacked(stream: BinaryIO) -> BinaryIO:
    """Return a stream of a file's content, packed or not, as its first octets show.

    A packed stream that was cut short ends there, without an error, even if zero bytes follow, which a machine that
    went down may leave. Raise LineError if it is packed by zstd, and while reading, if its gzip is damaged.
    """
    begin = stream.read(len(_ZSTD))
    stream.seek(0)
    if begin == _ZSTD or (begin[1:] == _SKIPPED and begin[0] >> 4 == 5):
        raise LineError("it is packed by zstd, and mqlab unpacks only gzip", remedy="decompress it first: zstd -d FILE")
    if begin.startswith(_GZIP):
        return io.BufferedReader(_Unpacked(stream), PORTION)
    return stream


class _Unpacked(io.RawIOBase):
    """The content of a gzip as it is now, up to the zero bytes at its end; LineError while reading if it is damaged."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._unpack = zlib.decompressobj(wbits=_WBITS)
        self._left = stream.seek(0, io.SEEK_END)
        while self._left:
            begin = max(0, self._left - PORTION)
            stream.seek(begin)
            found = len(stream.read(self._left - begin).rstrip(b"\0"))
            self._left = begin + found
            if found:
                break
        stream.seek(0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._unpack.eof:
            packed = self._unpack.unconsumed_tail or self._read(PORTION)
            try:
                octets = self._unpack.decompress(packed, len(buffer))
            except zlib.error as error:
                raise LineError(f"its gzip is damaged: {error}") from error
            if octets:
                buffer[: len(octets)] = octets
                return len(octets)
            if not packed:
                break
        if self._unpack.unused_data or (self._unpack.eof and self._read(1)):
            raise LineError("the file goes on after the end of its gzip")
        return 0

    def _read(self, size: int) -> bytes:
        octets = self._stream.read(min(size, self._left))
        self._left -= len(octets)
        return octets
