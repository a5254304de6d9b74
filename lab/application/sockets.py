"""Which files and folders of the engine's machine give a container an engine's socket. Pure.

They are judged by their names, since the engine may be on another machine: a link that leads there is not seen.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import PurePosixPath

_NAMES = ("docker.sock", "containerd.sock")
_PLACES = ("/run/docker.sock", "/run/containerd/containerd.sock", "/var/run/docker.sock")
_OF_USERS = (PurePosixPath("/run/user"), PurePosixPath("/var/run/user"))  # with a folder for each, and a rootless one's
_SOURCES = ("source", "src", "device")  # of a mount; a volume of the driver `local` may be any folder, by its device


def sources(option: str, value: str) -> Iterator[str]:
    """Yield what a value of the option `volume` or `mount` of `docker run` mounts: paths, or names of volumes."""
    if option == "volume":
        yield value.partition(":")[0]
        return
    for field in value.split(","):
        name, _, its = field.strip(' "').partition("=")
        if name.lower() == "volume-opt":
            name, _, its = its.partition("=")
        if name.strip().lower() in _SOURCES:
            yield its.strip()


def gives_a_socket(source: str, folder: str = "") -> bool:
    """Return whether a path is an engine's socket, or a folder that has one; a volume's name is neither.

    A relative path, which begins with a dot, starts from `folder`.
    """
    if not source.startswith(("/", ".")):
        return False
    path = PurePosixPath("/" + posixpath.normpath(posixpath.join(folder, source)).lstrip("/"))
    return (
        any(name in source for name in _NAMES)
        or any(PurePosixPath(place).is_relative_to(path) for place in _PLACES)
        or path.parent in _OF_USERS
        or path in _OF_USERS
    )
