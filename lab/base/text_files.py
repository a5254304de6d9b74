"""Files named by a user: why a path is not a file, opening, reading within a bound, atomic writing."""

from __future__ import annotations

import errno
import os
import re
import shlex
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from lab.base.suggestions import nearest
from lab.errors import HostError, InputError

STANDARD_INPUT = Path("-")
BINARY = getattr(os, "O_BINARY", 0)  # or Windows ends lines its own way
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)  # where there are pipes in folders
_LONGEST_NAME = 255  # bytes in most file systems
_FITTING = 5  # files that fit a pattern and are named
_MOST_OF_IT = 64 * 2**20  # bytes of the standard input


def why_not_a_file(path: Path) -> str:
    """Return why a path cannot be read as a file, or an empty text if it can.

    `is not there`, `is a folder`, `is a device or a pipe`, `cannot be read: …`.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a zero byte in its name
        return "is not there"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if stat.S_ISDIR(mode):
        return "is a folder"
    return "" if stat.S_ISREG(mode) else "is a device or a pipe"


def not_a_file(path: Path, file: str, why: str) -> InputError:
    """Return the error for a path, called `file`, that is not a file for a reason of `why_not_a_file`."""
    if (longest := max(map(len, path.parts), default=0)) > _LONGEST_NAME:
        return InputError.of(
            f"a name of {longest} characters is too long for a file",
            f"write a name of at most {_LONGEST_NAME} characters",
        )
    if why == "is a folder":
        inside = next((each for each in sorted(path.glob("*.[yx]*ml")) if is_file(each)), None)
        return InputError.of(f"{file} {why}", f"name a file in it, such as {inside or path / 'scenario.yaml'}")
    if why == "is not there" and re.search(r"[*?\[]", file):
        files = sorted(path.parent.glob(path.name))[:_FITTING] if "**" not in file else []
        what = f"no file is named {file}, and mqlab does not read a pattern"
        if not files:
            return InputError.of(what, "write the path of one file, such as ./mine.yaml")
        others = f"; mqlab run and mqlab check accept several: {shlex.join(map(str, files))}" if files[1:] else ""
        return InputError.of(what, f"write {shlex.quote(str(files[0]))}{others}")
    if why == "is not there":
        near = file_near(path)
        right = f"did you mean {near}?" if near else "write the path of a file that exists"
        return InputError.of(f"{file} {why}", right)
    return InputError.of(f"{file} {why}", "name a file")


def _files_beside(path: Path) -> Iterator[str]:
    """Yield the names of the YAML and XML files in a path's folder, as far as the folder can be read."""
    with suppress(OSError, ValueError):
        names = (each.name for each in path.parent.iterdir() if each.suffix in (".yaml", ".yml", ".xml"))
        yield from islice(names, 1000)


def file_near(path: Path) -> Path | None:
    """Return a file with nearly the name of a missing one beside it, or of its name in a folder of nearly its name."""
    if path.suffix not in ("", ".yaml", ".yml", ".xml"):
        return None
    if path.parent.is_dir():
        names = {
            Path(name).stem: name for name in _files_beside(path) if (path.suffix == ".xml") is (name[-4:] == ".xml")
        }
        near = nearest(path.stem, names)
        return path.with_name(names[near]) if near else _file_below(path)
    with suppress(OSError, ValueError):
        above = path.parent.parent
        folders = islice((each.name for each in above.iterdir() if is_file(each / path.name)), 1000)
        if near := nearest(path.parent.name, folders):
            return above / near / path.name
    return None


def _file_below(path: Path) -> Path | None:
    """Return a file of a missing one's name in a folder beside it."""
    with suppress(OSError, ValueError):
        for folder in sorted(islice(path.parent.iterdir(), 1000)):
            for name in (path.name, f"{path.name}.yaml", f"{path.name}.yml"):
                if is_file(folder / name):
                    return folder / name
    return None


def is_file(path: Path) -> bool:
    """Return whether a path is a file; False, without an error, for a name that no file can have."""
    return not why_not_a_file(path)


def open_file(path: Path, file: str) -> BinaryIO:
    """Open a file for reading; raise InputError, which names it `file`, if it is not a file or cannot be opened.

    This never waits for a pipe or a device, even if one replaces the file between the check and the opening.
    """
    if why := why_not_a_file(path):
        raise not_a_file(path, file, why)
    try:
        return open(path, "rb", opener=_open_without_waiting)
    except OSError as error:
        raise InputError.of(f"{file} cannot be read: {error.strerror}") from error


def read_bytes(path: Path, file: str, most: int) -> bytes:
    """Return a file's first `most` + 1 bytes, which are all of a shorter file; raise InputError if it cannot be read.

    The file's size is not used, since files under /proc have none. STANDARD_INPUT is read by the first call; later
    calls return the same content.
    """
    if path == STANDARD_INPUT:
        return _standard_input()[: most + 1]
    with open_file(path, file) as stream:
        try:
            content = stream.read(most + 1)
        except OSError as error:
            raise InputError.of(f"{file} cannot be read: {error.strerror}") from error
    if content is None:  # a pipe without content yet
        raise InputError.of(f"{file} cannot be read: it is an empty pipe", "name a file")
    return content


@cache
def _standard_input() -> bytes:
    return sys.stdin.buffer.read(_MOST_OF_IT + 1)


def _open_without_waiting(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | _NO_WAITING)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(0, "it is not a file")


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file atomically: a reader sees the old file or the new one, never a part.

    A lone surrogate, which UTF-8 cannot hold, is written as its escape. In a folder that only its owner may enter, only
    the owner may read the file. Raise OSError, which names the path, if it cannot be written; no part of it stays.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        shared = path.parent.stat().st_mode & 0o077
        with _removed_if_unfinished(unfinished):
            with open(unfinished, "wb", opener=None if shared else open_private) as file:
                file.write(text.encode("utf-8", "backslashreplace"))
            unfinished.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def _removed_if_unfinished(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def write_new(path: Path, content: bytes, opener: Callable[[str, int], int] | None = None) -> None:
    """Write a new file; raise InputError if the file or a link of its name exists, or cannot be written."""
    try:
        with open(path, "xb", opener=opener) as file, _removed_if_unfinished(path), file:
            file.write(content)
    except FileExistsError as error:
        raise InputError.of(f"{path} exists", "name another file: this file would be overwritten") from error
    except OSError as error:
        raise HostError(f"{path} cannot be written: {error.strerror}") from error


def unwritable(path: Path, error: OSError, room: str, *, problem: str = "", remedy: str = "") -> HostError:
    """Return why a path could not be written, in words; the error is its cause.

    `room` is the remedy where the disk is full; any other error has `problem` and `remedy`.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        found = HostError(f"the disk is full, or its quota: {path} cannot be written", room)
    else:
        found = HostError(problem or f"{path} cannot be written: {error.strerror}", remedy)
    found.__cause__ = error  # a signal may be beneath it, which would come at once if nobody had the error any more
    return found


def append_to_new(path: Path, remedy: str) -> int:
    """Return the descriptor of a new file that lines are appended to, and that only its owner may read.

    Raise InputError, with the remedy, if it is there already; and if it cannot be made.
    """
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | BINARY, 0o600)
    except FileExistsError as error:
        raise InputError.of(f"{path} exists already", remedy) from error
    except OSError as error:
        raise InputError.of(f"cannot write {path}: {error.strerror}") from error


def open_private(path: str, flags: int) -> int:
    """Open a file that only its owner may read and write: an `opener` for `open`."""
    return os.open(path, flags, 0o600)
