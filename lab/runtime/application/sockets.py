"""The files and folders of the engine's machine that give a container an engine's socket. Pure.

They are judged by their names, since the engine may be on another machine: a link that leads there is not seen.
"""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath

_NAMES = ("docker.sock", "containerd.sock")
_PLACES = tuple(
    f"{run}/{its}"
    for run in ("/run", "/var/run")
    for its in ("docker.sock", "containerd/containerd.sock", "docker/containerd/containerd.sock")
)
_OF_USERS = (PurePosixPath("/run/user"), PurePosixPath("/var/run/user"))  # with a folder for each, and a rootless one's


def gives_a_socket(source: str, folder: str) -> bool:
    """Return whether a path is an engine's socket, or a folder that has one; a volume's name is neither.

    A relative path, which begins with a dot, starts from `folder`.
    """
    if (path := path_of(source, folder)) is None:
        return False
    return (
        any(name in source for name in _NAMES)
        or any(PurePosixPath(place).is_relative_to(path) for place in _PLACES)
        or path.parent in _OF_USERS
        or path in _OF_USERS
    )


def path_of(source: str, folder: str) -> PurePosixPath | None:
    """Return the path that a mount's source is, without detours; None if it is a volume's name."""
    if not source.startswith(("/", ".")):
        return None
    return PurePosixPath("/" + posixpath.normpath(posixpath.join(folder, source)).lstrip("/"))
