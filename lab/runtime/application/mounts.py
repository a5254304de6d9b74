"""The volumes and folders of `docker run` that an application's container may have. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from lab.runtime.application.sockets import gives_a_socket, path_of

_SOURCES = ("source", "src")
_FIELDS = frozenset([
    *_SOURCES, "type", "target", "dst", "destination", "readonly", "ro", "consistency", "bind-propagation",
    "bind-nonrecursive", "bind-recursive", "bind-create-src", "volume-nocopy", "volume-subpath", "tmpfs-size",
    "tmpfs-mode",
])  # fmt: skip
_TYPES = ("bind", "volume", "tmpfs")
_OF_LABS = "mqlab-"  # how the names of all volumes of labs begin
_ENGINES = ("/var/lib/docker", "/var/lib/containerd")  # where an engine usually keeps volumes and containers' files


def refusals(option: str, mount: str, folder: str) -> Iterator[tuple[str, str]]:
    """Yield the refused parts of a value of `docker run`'s option `volume` or `mount`, each with the reason.

    Relative paths start from `folder`. The rest of a value is not shown, since it may have a password.
    """
    if option == "volume":
        source, mounts, _ = mount.partition(":")
        if mounts:  # else it is a place in the container, for a volume without a name
            yield from _source(source, folder)
        return
    for field in mount.split(","):
        name, _, its = (each.strip(' "') for each in field.partition("="))
        name = name.lower()
        if name not in _FIELDS:
            yield name, f"the fields of a mount are {', '.join(sorted(_FIELDS))}"
        elif name == "type" and its.lower() not in _TYPES:
            yield field, f"the types are {', '.join(_TYPES)}"
        elif name in _SOURCES:
            yield from _source(its, folder)


def _source(source: str, folder: str) -> Iterator[tuple[str, str]]:
    if gives_a_socket(source, folder):
        yield source, "it has the engine's socket, which gives access to every network"
    elif source.startswith(_OF_LABS):
        yield source, "a lab's volume has a broker's store, or the certificates that applications trust"
    elif (path := path_of(source, folder)) is not None and any(_has(path, PurePosixPath(each)) for each in _ENGINES):
        yield source, "the engine keeps the volumes and files of all containers there, with brokers' secrets"


def _has(path: PurePosixPath, folder: PurePosixPath) -> bool:
    """Return whether a path is in a folder, or has it."""
    return path.is_relative_to(folder) or folder.is_relative_to(path)
