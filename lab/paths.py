"""What stands at a path that should be a file, in words."""

from __future__ import annotations

from pathlib import Path


def no_file(path: Path) -> str:
    """Say what a path is that is no file to read: `is not there`, `is a folder`, `is a device or a pipe`."""
    if path.is_dir():
        return "is a folder"
    return "is a device or a pipe" if path.exists() else "is not there"
