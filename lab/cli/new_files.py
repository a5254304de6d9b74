"""Files that a command is to write: their problems are reported before anything else is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from lab.base.text_files import is_file, why_not_a_file
from lab.errors import HostError, InputError


def folder_named_by(option: str) -> Callable[[str], Path]:
    """Return the parser of an option that names a folder; it raises InputError if the text names none.

    An empty name is what a shell leaves of a variable that is not set; Path takes it for the current folder.
    """

    def folder(text: str) -> Path:
        if not text.strip():
            raise InputError.of("an empty text names no folder", "write a folder; the current one is .")
        path = Path(text)
        if (why := why_not_a_file(path)) not in ("is a folder", "is not there"):
            raise InputError.of(f"{option}: {text} {why or 'is a file'}", "name a folder")
        return path

    return folder


def check_writable(path: Path | None) -> None:
    """Raise InputError if a file to write is a folder or a device, or its folder is missing or not writable."""
    if path is not None and (why := why_not_a_file(path)) and why != "is not there":
        raise InputError.of(f"{path} {why}", "name the file to write")
    if path is not None and is_file(path.parent):
        raise InputError.of(f"{path} cannot be written: {path.parent} is a file", "name a file in a folder")
    if path is not None and not path.parent.is_dir():
        raise InputError.of(f"{path} cannot be written", f"make the folder {path.parent} first")
    if path is not None and not os.access(path.parent, os.W_OK):
        raise InputError.of(
            f"{path} cannot be written", f"name a file in another folder: {path.parent.resolve()} is not writable"
        )


def check_new(path: Path | None) -> None:
    """Raise InputError, before anything else is done, if a new file cannot be made, or is there already.

    Its content would be lost. A symbolic link of that name counts, too.
    """
    check_writable(path)
    if path is not None and (path.is_symlink() or path.exists()):
        raise InputError.of(f"{path} is there", "name another file: this file would be lost")


def write_texts(folder: Path, texts: Mapping[str, str], *, force: bool) -> None:
    """Write texts to files in a folder, by their names; if a file is there, and not `force`, write nothing.

    With `force` a link is replaced, and not followed.
    """
    paths = {folder / name: text for name, text in texts.items()}
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            raise InputError.of(f"{path} is a folder", "name another file")
        if not force and (path.is_symlink() or path.exists()):
            raise InputError.of(f"{path} is there", "name another file, or add --force to overwrite it")
    try:
        for path, text in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if force:
                path.unlink(missing_ok=True)
            with path.open("x", encoding="utf-8", newline="") as stream:
                stream.write(text)
    except OSError as error:
        raise HostError(f"{folder} cannot be written: {error.strerror}", "name another folder") from error
