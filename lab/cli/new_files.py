"""Files that a command is to write: their problems are reported before anything else is done."""

from __future__ import annotations

import os
from pathlib import Path

from lab.errors import InputError
from lab.text_files import why_not_a_file


def named_folder(text: str) -> Path:
    """Return the folder that an option names; raise InputError if it names none.

    An empty name is what a shell leaves of a variable that is not set; Path takes it for the current folder.
    """
    if not text.strip():
        raise InputError.of("an empty text names no folder", "write a folder; the current one is .")
    return Path(text)


def check_writable(path: Path | None) -> None:
    """Raise InputError if a file to write is a folder or a device, or its folder is missing or not writable."""
    if path is not None and (why := why_not_a_file(path)) and why != "is not there":
        raise InputError.of(f"{path} {why}", "name the file to write")
    if path is not None and not path.parent.is_dir():
        raise InputError.of(f"{path} cannot be written", f"{path.parent} is no folder: make it first")
    if path is not None and not os.access(path.parent, os.W_OK):
        raise InputError.of(f"{path} cannot be written", f"{path.parent.resolve()} cannot be written to: name another")


def check_new(path: Path | None) -> None:
    """Raise InputError, before anything else is done, if a file to make is there, or a link of its name, or cannot be.

    Whatever is there would be lost.
    """
    check_writable(path)
    if path is not None and (path.is_symlink() or path.exists()):
        raise InputError.of(f"{path} is there", "name another file: this one would be lost")
