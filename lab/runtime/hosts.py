"""The places that a lab's topology keeps for applications: the protocol of all runtimes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lab.runtime.application.place import HostPlace


class Hosts(Protocol):
    """The places that a topology keeps for applications; each verb raises InputError for an unknown host."""

    def place(self, host: str) -> HostPlace:
        """Return the settings of a container at a host's reserved address."""
        ...

    def occupant(self, host: str) -> str:
        """Return the name of the container that has a host's address now; "" if none has."""
        ...

    def run(self, host: str, arguments: Sequence[str]) -> int:
        """Run a container in the place with the arguments of `docker run`. Return that command's exit code.

        Raise InputError for an option that would lead past the lab's router, or if a container has the address.
        """
        ...
