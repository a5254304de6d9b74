"""The checksum of a history: the number of lines before `ended`, and the digest of the file, which `ended` carries.

A removed, added or changed line breaks it, also the last line. It does not prevent the making of a new one.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import msgspec

from lab.base.text_files import open_file
from lab.base.units import several
from lab.base.whole_lines import PORTION
from lab.history.observation import Ended

_LINES = re.compile(rb',"lines":\d+')  # no text has these octets: JSON escapes its quotes
_DIGEST = re.compile(rb',"digest":"[0-9a-f]*"')


class Checksum:
    """The number of the lines so far, and their digest."""

    def __init__(self) -> None:
        self.lines = 0
        self._digest = sha256()

    def add(self, octets: bytes, number: int | None = None) -> None:
        """Add whole lines; `number` is their number, if the caller has counted them."""
        self._digest.update(octets)
        self.lines += octets.count(b"\n") if number is None else number

    def on(self, ended: Ended) -> Ended:
        """Return the observation of the last line with the number of lines, but without the digest."""
        return ended.with_fields(lines=self.lines, digest="")

    def closed(self, octets: bytes) -> bytes:
        """Return the last line, as `on` made it, with the digest of the lines before it and of itself."""
        digest = f',"digest":"{self._through(octets)}"'.encode()
        return _LINES.sub(lambda lines: lines[0] + digest, octets, count=1)

    def fits(self, octets: bytes, ended: Ended) -> bool:
        """Return whether a last line has the checksum of the lines given and of itself."""
        return (ended.lines, ended.digest) == (self.lines, self._through(_DIGEST.sub(b"", octets, count=1)))

    def _through(self, octets: bytes) -> str:
        digest = self._digest.copy()
        digest.update(octets)
        return digest.hexdigest()


def checksum_of(stream: BinaryIO, end: int) -> Checksum:
    """Return the checksum of the whole lines from a stream's position up to the offset `end`."""
    checksum, left = Checksum(), end - stream.tell()
    while left > 0 and (octets := stream.read(min(PORTION, left))):
        left -= len(octets)
        checksum.add(octets)
    return checksum


def damage(path: Path) -> str:
    """Return the damage that a history's checksum shows, in words; "" if there is none, or the history has no end yet.

    Raise InputError if the file cannot be read.
    """
    with open_file(path, str(path)) as stream:
        begin, last_line, ended, more = _last_line(stream)
        if ended is None:
            return ""
        if ended.lines is None and not ended.digest:
            return "its last line has no checksum"
        stream.seek(0)
        checksum = checksum_of(stream, begin)
    if not checksum.fits(last_line, ended):
        return _changed(ended.lines, checksum.lines)
    return "an incomplete line follows the end" if more else ""


def has_end(path: Path) -> bool:
    """Return whether a history's last line is its end, which has the checksum."""
    with open_file(path, str(path)) as stream:
        return _last_line(stream)[2] is not None


def _last_line(stream: BinaryIO) -> tuple[int, bytes, Ended | None, bool]:
    """Return the last whole line: its place, its text, its `Ended` if it is one, and whether half a line follows."""
    size, tail, window = stream.seek(0, os.SEEK_END), b"", 4096
    while len(tail) < size and tail.count(b"\n") < 2:
        stream.seek(max(0, size - window))
        tail, window = stream.read(), 4 * window
    end = tail.rfind(b"\n") + 1
    begin = tail.rfind(b"\n", 0, max(0, end - 1)) + 1
    try:
        ended = msgspec.json.decode(tail[begin:end], type=Ended)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        ended = None
    return size - len(tail) + begin, tail[begin:end], ended, bool(tail[end:].strip(b"\0"))


def _changed(written: int | None, lines_there: int) -> str:
    """Return the damage in words, from the number of lines that were written and of those in the file."""
    if written is None or lines_there == written:
        return "it is not as it was written"
    many = f"{several(abs(lines_there - written), 'line')} {'put in' if lines_there > written else 'taken out'}"
    return f"it is not as it was written: {many} ({lines_there} before the last one, {written} were written)"
