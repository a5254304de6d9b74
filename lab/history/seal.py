"""The seal of a history: how many lines come before `ended`, and the digest of all, which `ended` carries.

A line that was taken out, put in or changed since breaks it, the last one too. It keeps out no one who makes a new
seal. Digests of the first lines, up to some sixty places, tell among which lines the damage is.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import msgspec

from lab.dataclass import dataclass
from lab.history.observation import Ended
from lab.text_files import open_file
from lab.units import several
from lab.whole_lines import PORTION

_PLACES = 64  # the most places at which a digest is kept
_DIGITS = 8  # of the digest at a place
_LINES = re.compile(rb',"lines":\d+')  # no text has these octets: JSON escapes its quotes
_DIGEST = re.compile(rb',"digest":"[0-9a-f]*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What is wrong with a history, and among which of its lines; the header is line 1."""

    what: str
    first: int
    last: int

    def words(self, file: str) -> str:
        """Return it with its place in a file."""
        lines = f"{self.first}" if self.first >= self.last else f"{self.first} to {self.last}"
        return f"{file}:{lines}: {self.what}"


class Seal:
    """The number and the digest of the lines given so far."""

    def __init__(self, every: int | None = None) -> None:
        self.lines = 0
        self.places: list[str] = []
        self._digest = sha256()
        self._every = every or 1  # lines from one place to the next: a power of two
        self._grows = every is None

    def add(self, octets: bytes, number: int | None = None) -> None:
        """Take in whole lines: so many, or as many as there are."""
        number = octets.count(b"\n") if number is None else number
        if self.lines % self._every + number < self._every:
            self._digest.update(octets)
            self.lines += number
            return
        lines, begin = octets.split(b"\n"), 0  # the last one is empty
        while begin < number:
            end = min(begin + self._every - self.lines % self._every, number)
            self._digest.update(b"\n".join((*lines[begin:end], b"")))
            self.lines, begin = self.lines + end - begin, end
            if self.lines % self._every == 0:
                self.places.append(self._digest.hexdigest()[:_DIGITS])
            if self._grows and len(self.places) > _PLACES:
                self.places, self._every = self.places[1::2], 2 * self._every

    def on(self, ended: Ended) -> Ended:
        """Return what the last line says with this seal, but for the digest."""
        return ended.with_fields(lines=self.lines, digest="", places=" ".join(self.places))

    def closed(self, octets: bytes) -> bytes:
        """Return the last line, which says what `on` returns, with the digest of the lines before it and of itself."""
        digest = f',"digest":"{self._through(octets)}"'.encode()
        return _LINES.sub(lambda lines: lines[0] + digest, octets, count=1)

    def fits(self, octets: bytes, ended: Ended) -> bool:
        """Return whether a last line is the one that was written; an earlier version sealed only those before it."""
        digests = (self._digest.hexdigest(), self._through(_DIGEST.sub(b"", octets, count=1)))
        return ended.lines == self.lines and ended.digest in digests

    def _through(self, octets: bytes) -> str:
        digest = self._digest.copy()
        digest.update(octets)
        return digest.hexdigest()


def seal(stream: BinaryIO, end: int, every: int | None = None) -> Seal:
    """Return the seal of a stream's lines from where it is up to a place, at which a line ends."""
    its, rest, left = Seal(every), b"", end - stream.tell()
    while left > 0 and (octets := stream.read(min(PORTION, left))):
        left -= len(octets)
        whole, newline, rest = (rest + octets).rpartition(b"\n")
        if newline:
            its.add(whole + newline)
    return its


def damage(path: Path) -> Damage | None:
    """Return what is wrong with a history that has a seal, as near as can be told; None if nothing is, or it has none.

    Raise InputError if the file cannot be read.
    """
    with open_file(path, str(path)) as stream:
        if not stream.seekable():
            return None
        begin, last_line, ended, more = _last_line(stream)
        if ended is None or ended.lines is None:
            return None
        every = 1
        while ended.lines // every > _PLACES:
            every *= 2
        stream.seek(0)
        found = seal(stream, begin, every)
    if not found.fits(last_line, ended):
        told = ended.places.split()
        pairs = enumerate(zip(told, found.places, strict=False))
        place = next((n for n, (one, other) in pairs if one != other), min(len(told), len(found.places)))
        first, last = place * every + 1, min((place + 1) * every, found.lines + 1)
        return Damage(what=_changed(ended.lines, found.lines), first=first, last=last)
    if more:
        return Damage(what="half a line follows the end", first=found.lines + 2, last=found.lines + 2)
    return None


def _last_line(stream: BinaryIO) -> tuple[int, bytes, Ended | None, bool]:
    """Return the place of the last whole line, it, what it says if it is the end, and whether half a line follows."""
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


def _changed(written: int, there: int) -> str:
    """Return what became of lines, by how many were written and how many are there."""
    if there == written:
        return "it is not as it was written"
    many = f"{several(abs(there - written), 'line')} {'put in' if there > written else 'taken out'}"
    return f"it is not as it was written: {many} ({there} before the last one, {written} were written)"
