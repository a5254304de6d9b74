"""The packed forms of a recording's file, gzip and zstd: written with flushes, unpacked in bounded memory.

zstandard is of the extra mqlab[zst], and touched here alone.
"""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from lab.base.whole_lines import PORTION, LineError
from lab.errors import HostError

_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPED = b"\x2a\x4d\x18"  # after 0x50 to 0x5f: a zstd frame without content, with which pzstd begins
_GZIP = b"\x1f\x8b"
_WBITS = 31  # of zlib: a window of 32 KiB, with gzip's header
_LARGEST_WINDOW = 2**27  # bytes that a zstd frame may have us remember; what `zstd -d` takes, too
_MISSING = ".zst needs zstandard, which is not installed"
_EXTRA = "pip install 'mqlab[zst]'"


class Packer(Protocol):
    """Packs octets so that all that were handed over can be unpacked, though nothing follows."""

    def pack(self, octets: bytes, *, last: bool) -> bytes:
        """Return packed octets; `last` ends the stream."""
        ...


def packer(path: Path) -> Packer | None:
    """Return the packer for a file of that name; None for a plain file.

    Raise HostError if its library is not installed.
    """
    match path.suffix:
        case ".gz":
            return _Gzip()
        case ".zst":
            return _Zstd()
        case _:
            return None


def unpacked(stream: BinaryIO) -> BinaryIO:
    """Return a stream of a file's content, packed or not, as its first octets show.

    A packed stream that was cut short ends there, without an error, even if zero bytes follow, which a machine that
    went down may leave. Raise LineError, there or while reading, if it is damaged or cannot be unpacked here.
    """
    begin = stream.read(len(_ZSTD))
    stream.seek(0)
    if begin == _ZSTD or (begin[1:] == _SKIPPED and begin[0] >> 4 == 5):
        # Without a checksum, the last block ends in one zero byte if nothing in it is a repetition.
        return io.BufferedReader(_UnpackedZstd(_Content(stream, own=1)), PORTION)
    if begin.startswith(_GZIP):
        return io.BufferedReader(_UnpackedGzip(_Content(stream)), PORTION)
    return stream


class _Gzip:
    def __init__(self) -> None:
        self._packed = zlib.compressobj(wbits=_WBITS)

    def pack(self, octets: bytes, *, last: bool) -> bytes:
        return self._packed.compress(octets) + self._packed.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


class _Zstd:
    def __init__(self) -> None:
        library = _zstandard()
        self._packed = library.ZstdCompressor(write_checksum=True).compressobj()
        self._flush, self._finish = library.COMPRESSOBJ_FLUSH_BLOCK, library.COMPRESSOBJ_FLUSH_FINISH

    def pack(self, octets: bytes, *, last: bool) -> bytes:
        packed: bytes = self._packed.compress(octets)
        return packed + bytes(self._packed.flush(self._finish if last else self._flush))


class _Content:
    """The octets of a file as it is now, up to the zero bytes at its end, except for at most so many of its `own`.

    Those of a whole stream are its checksum's, and the recording's last line has a better one.
    """

    def __init__(self, stream: BinaryIO, own: int = 0) -> None:
        self._stream = stream
        self._left = size = stream.seek(0, io.SEEK_END)
        while self._left:
            begin = max(0, self._left - PORTION)
            stream.seek(begin)
            found = len(stream.read(self._left - begin).rstrip(b"\0"))
            self._left = begin + found
            if found:
                break
        if size - self._left <= own:
            self._left = size
        stream.seek(0)

    def read(self, size: int) -> bytes:
        octets = self._stream.read(min(size, self._left))
        self._left -= len(octets)
        return octets


class _Unpacked(io.RawIOBase):
    """The content of a packed stream; reading raises LineError if it is damaged."""

    def readable(self) -> bool:
        return True


class _UnpackedGzip(_Unpacked):
    def __init__(self, content: _Content) -> None:
        self._content = content
        self._unpack = zlib.decompressobj(wbits=_WBITS)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._unpack.eof:
            packed = self._unpack.unconsumed_tail or self._content.read(PORTION)
            try:
                octets = self._unpack.decompress(packed, len(buffer))
            except zlib.error as error:
                raise LineError(f"its gzip is damaged: {error}") from error
            if octets:
                buffer[: len(octets)] = octets
                return len(octets)
            if not packed:
                break
        if self._unpack.unused_data or (self._unpack.eof and self._content.read(1)):
            raise LineError("the file goes on after the end of its gzip")
        return 0


class _UnpackedZstd(_Unpacked):
    """Frames may follow each other, as parallel compressors write them."""

    def __init__(self, content: _Content) -> None:
        try:
            library = _zstandard()
        except HostError as error:
            raise LineError(error.what, remedy=f"{_EXTRA}, or unpack the file first: zstd -d FILE") from error
        self._error: type[Exception] = library.ZstdError
        unpack = library.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        self._stream = unpack.stream_reader(content, read_size=PORTION, read_across_frames=True)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            return int(self._stream.readinto(buffer))
        except self._error as error:
            raise LineError(f"its zstd cannot be unpacked: {error}") from error


def _zstandard() -> Any:
    try:
        import zstandard
    except ImportError as error:
        raise HostError(_MISSING, f"{_EXTRA}, or write a name that ends in .gz") from error
    return zstandard
