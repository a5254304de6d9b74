"""The engine's container that this process runs in, since a job in a container may use the same engine."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import docker.errors

import docker

_MOUNTS = Path("/proc/self/mountinfo")
# The engine puts these files of a container's own folder into it; the folder has the container's id.
_OWN = re.compile(r"/containers/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf) /etc/")


def own_gateway(client: Callable[[], docker.DockerClient], mounts: Path = _MOUNTS) -> str | None:
    """Return the gateway of the engine's container that this process runs in, where the host has an address.

    None if it runs in none of this engine's, or in one that shares the host's network. Only in a container is the
    engine asked.
    """
    try:
        found = own_container(mounts.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return None  # no Linux
    if found is None:
        return None
    try:
        attached = client().containers.get(found).attrs["NetworkSettings"]["Networks"]
    except docker.errors.NotFound:
        return None  # the container is another engine's, and this engine runs inside it
    return next((its["Gateway"] for its in attached.values() if its.get("Gateway")), None)


def in_container(mounts: Path = _MOUNTS) -> bool:
    """Return whether this process runs in a container of some Docker engine."""
    try:
        return own_container(mounts.read_text("utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False


def own_container(mounts: str) -> str | None:
    """Return the id of the container that a process runs in, from the text of its mountinfo; None if it shows none."""
    found = _OWN.search(mounts)
    return found[1] if found else None
