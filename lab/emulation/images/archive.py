"""ActiveMQ's binary archive: its version, and the files in it that a broker needs.

An archive from disk is not trusted. Members are read one after the other, straight into the build's context; nothing is
unpacked onto this machine.
"""

from __future__ import annotations

import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from lab.base.text_files import open_file
from lab.errors import InputError

LAYOUT_VERSION = 1  # raise it when `wanted` changes, so that images are built anew
_TOP = re.compile(r"apache-activemq-(\d+\.\d+\.\d+(?:[-.]\w+)*)")
_MOST_BYTES = 2**30
_MOST_MEMBERS = 20_000
_LIBRARIES = ("lib", "lib/optional", "lib/web", "lib/extra")  # the stock launcher's, except camel
_FOLDERS = ("webapps/admin", "webapps/images", "webapps/styles")
_DAMAGE = (tarfile.TarError, zlib.error, EOFError, OSError)  # what reading a damaged archive raises
_FILES = ("LICENSE", "NOTICE", "webapps/index.html", "webapps/favicon.ico")


def version_of(archive: Path) -> str:
    """Return the version, from the name of the archive's top folder; InputError if it is not an ActiveMQ archive."""
    with _opened(archive) as tar:
        first = tar.next()
        top = PurePosixPath(first.name).parts[:1] if first else ()
        match = _TOP.fullmatch(top[0]) if top else None
        if match is None:
            raise InputError.of(
                f"{archive} is not an ActiveMQ binary archive: it begins with {first.name if first else 'nothing'!r}",
                "use apache-activemq-VERSION-bin.tar.gz, whose top folder is apache-activemq-VERSION",
            )
        return match.group(1)


def members(archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Yield path, size in bytes and content of every file that a broker needs.

    The whole archive is checked on the way; InputError if a member is unsafe.
    """
    with _opened(archive) as tar:
        top, total = "", 0
        for count, member in enumerate(tar, start=1):
            total += max(member.size, 0)
            _check(archive, member, count, total)
            parts = PurePosixPath(member.name).parts
            top = top or parts[0]
            if parts[0] != top:
                raise _hostile(archive, member.name, f"lies outside {top}/")
            path = "/".join(parts[1:])
            if member.isreg() and wanted(path):
                content = tar.extractfile(member)
                assert content is not None  # a regular file has content
                yield path, member.size, cast("IO[bytes]", _Content(archive, content))


def wanted(path: str) -> bool:
    """Return whether a broker needs this file of the distribution."""
    folder, _, name = path.rpartition("/")
    return (
        path in _FILES
        or (folder in _LIBRARIES and name.endswith(".jar"))
        or any(path.startswith(f"{each}/") for each in _FOLDERS)
    )


def _check(archive: Path, member: tarfile.TarInfo, count: int, total: int) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise _hostile(archive, member.name, "points outside the archive")
    if member.issym() or member.islnk():
        base = path.parent if member.issym() else PurePosixPath()
        target = PurePosixPath(member.linkname)
        depth = 0
        for part in (base / target).parts:
            depth += -1 if part == ".." else 1
            if target.is_absolute() or depth < 1:
                raise _hostile(archive, member.name, f"is a link to {member.linkname}, outside the archive")
    elif not (member.isreg() or member.isdir()):
        raise _hostile(archive, member.name, "is a device or a pipe")
    if total > _MOST_BYTES or count > _MOST_MEMBERS:
        raise _hostile(
            archive,
            member.name,
            f"makes the archive {total / 1e6:.0f} MB in {count} files, too much to be ActiveMQ",
        )


def _hostile(archive: Path, name: str, why: str) -> InputError:
    return InputError.of(f"{archive}: {name!r} {why}", "use the archive that the ActiveMQ project publishes")


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    with open_file(archive, str(archive)) as file:
        try:
            with tarfile.open(fileobj=file, mode="r:gz") as tar:
                yield tar
        except _DAMAGE as error:
            raise _unreadable(archive, error) from error


class _Content:
    """A member's content; errors of a damaged archive become InputError."""

    def __init__(self, archive: Path, content: IO[bytes]) -> None:
        self._archive, self._content = archive, content

    def read(self, size: int = -1) -> bytes:
        try:
            return self._content.read(size)
        except _DAMAGE as error:
            raise _unreadable(self._archive, error) from error


def _unreadable(archive: Path, error: Exception) -> InputError:
    return InputError.of(f"{archive} cannot be read as a .tar.gz: {error}", "it may be incomplete: fetch it again")
