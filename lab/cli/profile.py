"""The option --profile of run: a file with the waits of the run, for a browser's trace viewer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.base.text_files import unwritable, write_text
from lab.cli import new_files, options
from lab.cli.options import option
from lab.errors import InputError
from lab.runtime.profile import BEGINNING, UNPROFILED, Profile

PROFILE = option(
    "--profile FILE", "The file that the waits of the run are written to, for chrome://tracing or Perfetto."
)


def check_writable(path: Path | None, *others: Path | None) -> None:
    """Raise InputError, before anything else is done, if the file cannot be written, or exists and is not a profile."""
    if path is None:
        return
    if any(other is not None and other.resolve() == path.resolve() for other in others):
        raise InputError.of(f"--profile and another option would both write {path}", "name two different files")
    new_files.check_writable(path)
    if path.is_symlink() or (path.exists() and not _is_a_profile(path)):
        raise InputError.of(f"{path} is there, and is not a profile", "name another file: this file would be lost")


def _is_a_profile(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(len(BEGINNING))
    except OSError as error:
        raise InputError.of(f"{path} cannot be read: {error.strerror}", "name another file") from error
    return head in (b"", BEGINNING.encode())


@contextmanager
def kept(path: Path | None) -> Iterator[Profile]:
    """Return a profile, and write it at the end of the block, also after an error other than InputError.

    A file that cannot be written is a warning: the run has its verdict and its exit code all the same.
    """
    if path is None:
        yield UNPROFILED
        return
    profile = Profile()
    try:
        yield profile
    except InputError:
        raise
    except BaseException:
        _write(profile, path)
        raise
    _write(profile, path)


def _write(profile: Profile, path: Path) -> None:
    try:
        write_text(path, profile.text())
    except OSError as error:
        remedy = "free some space there, or name a file on another disk with --profile"
        options.warn_of_each([str(unwritable(path, error, remedy, remedy="name another file with --profile"))])
