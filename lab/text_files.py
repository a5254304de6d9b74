"""Text files: why a path is not one, and atomic writing."""

from __future__ import annotations

import os
from pathlib import Path


def why_not_a_file(path: Path) -> str:
    """Return what a path is instead of a file: `is not there`, `is a folder`, `is a device or a pipe`."""
    if path.is_dir():
        return "is a folder"
    return "is a device or a pipe" if path.exists() else "is not there"


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file atomically: a reader sees the old file or the new one, never a part.

    A lone surrogate, which UTF-8 cannot hold, is written as its escape. In a folder that only its owner may enter, only
    the owner may read the file.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    shared = path.parent.stat().st_mode & 0o077
    with open(unfinished, "wb", opener=None if shared else open_private) as file:
        file.write(text.encode("utf-8", "backslashreplace"))
    unfinished.replace(path)


def open_private(path: str, flags: int) -> int:
    """Open a file that only its owner may read and write: an `opener` for `open`."""
    return os.open(path, flags, 0o600)
