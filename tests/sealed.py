"""The checksum of a history that is written by hand, or edited by a test.

`python -m tests.sealed PATHS` gives each history its checksum, or one that fits again after an edit.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from lab.history.checksum import Checksum
from lab.history.shared_file import lock_file

_CHECKSUM = re.compile(rb',\s*"(?:lines|digest)":\s*(?:\d+|"[0-9a-f]*")')


def unsealed(octets: bytes) -> bytes:
    """Return a history without the checksum of its last line."""
    *lines, last = octets.splitlines(keepends=True)
    return b"".join([*lines, _CHECKSUM.sub(b"", last)])


def sealed(octets: bytes) -> bytes:
    """Return a history with the checksum of its lines in its last line; as it is if that is not its end."""
    *lines, last = unsealed(octets).splitlines(keepends=True)
    if not re.search(rb'"kind":\s*"ended"', last) or not last.endswith(b"}\n"):
        return octets
    checksum = Checksum()
    checksum.add(b"".join(lines))
    return b"".join([*lines, checksum.closed(b'%b,"lines":%d}\n' % (last[:-2], checksum.lines))])


def write(path: Path, text: str, *, standing: bool = False) -> Path:
    """Write a history with its checksum, and the lock file of an open lab if `standing`; return its path."""
    path.write_bytes(sealed(text.encode("utf-8", "backslashreplace")))  # half a surrogate pair, as JSON has it
    if standing:
        lock_file(path).touch()
    return path


if __name__ == "__main__":
    for word in sys.argv[1:]:
        write(Path(word), Path(word).read_text("utf-8"))
