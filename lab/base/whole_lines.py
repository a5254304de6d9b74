"""A file of lines → portions of whole lines, so that a history or a recording of any size is read in bounded memory.

A writer that was killed leaves half a line, and a machine that crashed may leave zero bytes. Either ends the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from json import JSONDecodeError
from math import inf
from typing import Any, BinaryIO, NoReturn

PORTION = 256 * 1024  # bytes
LONGEST = 64 * 2**20  # bytes of a line; the first line holds the scenario with its configurations


class LineError(ValueError):
    """An error in a line, the character at which it is, and the remedy."""

    def __init__(self, problem: str, column: int = 1, remedy: str = "was it edited by hand?") -> None:
        super().__init__(problem)
        self.what, self.column, self.remedy = problem, column, remedy


def portions(stream: BinaryIO) -> Iterator[bytes]:
    """Yield some whole lines at a time and, at the end, the half line that is left, if there is one."""
    rest: list[bytes] = []  # of a line that has not ended; joined once, since it may be long
    while octets := stream.read(PORTION):
        filled = octets.rstrip(b"\0")
        hole = _hole(stream) if len(filled) < len(octets) else ""
        end = filled.rfind(b"\n") + 1
        if end:
            yield b"".join((*rest, filled[:end]))
            rest.clear()
        rest.append(filled[end:])
        length = sum(map(len, rest))
        if hole:
            raise LineError(hole, length + 1)
        if length > LONGEST:
            raise LineError(f"longer than {LONGEST // 2**20} MiB")
    if any(rest):
        yield b"".join(rest)


def _hole(stream: BinaryIO) -> str:
    """Return the error in the rest of a stream after zero bytes; "" if only zero bytes follow.

    Except in a plain file the number of zeros is bounded, since a few compressed bytes can expand to any number.
    """
    zeros, most_zeros = 0, inf if stream.seekable() else LONGEST
    while octets := stream.read(PORTION):
        if octets.strip(b"\0"):
            return "zero bytes amid the lines"
        zeros += len(octets)
        if zeros > most_zeros:
            return f"more than {LONGEST // 2**20} MiB of zero bytes"
    return ""


def json_object(octets: bytes) -> dict[str, Any]:
    """Return the JSON object of a line; raise LineError if the line is not one."""
    try:
        found = json.loads(octets.decode(), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise LineError("not UTF-8", error.start + 1) from error
    except JSONDecodeError as error:
        raise LineError(f"not JSON: {error.msg}", error.colno) from error
    except RecursionError as error:
        raise LineError("nested too deeply") from error
    except ValueError as error:
        raise LineError(str(error)) from error
    if not isinstance(found, dict):
        raise LineError("not a JSON object")
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
