"""A file of lines → portions of whole lines, so that a history or a recording of any size is read in bounded memory.

A writer that was killed leaves half a line, and a machine that went down may leave zero bytes: either ends the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

PORTION = 256 * 1024
LONGEST = 64 * 2**20  # of a line: the first holds the scenario with its configurations


class LineError(ValueError):
    """An error in a line, the character at which it is, and the remedy."""

    def __init__(self, what: str, column: int = 1, remedy: str = "was it edited by hand?") -> None:
        super().__init__(what)
        self.what, self.column, self.remedy = what, column, remedy


def portions(stream: BinaryIO) -> Iterator[bytes]:
    """Yield some whole lines at a time and, at the end, the half line that is left, if there is one."""
    rest: list[bytes] = []  # of a line that has not ended; joined once, since it may be long
    while octets := stream.read(PORTION):
        filled = octets.rstrip(b"\0")
        hole = len(filled) < len(octets) and _goes_on(stream)
        end = filled.rfind(b"\n") + 1
        if end:
            yield b"".join((*rest, filled[:end]))
            rest.clear()
        rest.append(filled[end:])
        length = sum(map(len, rest))
        if hole:
            raise LineError("zero bytes amid the lines", length + 1)
        if length > LONGEST:
            raise LineError(f"longer than {LONGEST // 2**20} MiB")
    if any(rest):
        yield b"".join(rest)


def _goes_on(stream: BinaryIO) -> bool:
    """Return whether the rest of a stream has anything but zero bytes."""
    while octets := stream.read(PORTION):
        if octets.strip(b"\0"):
            return True
    return False
