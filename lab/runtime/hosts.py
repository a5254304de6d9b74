"""The places that a lab's topology keeps for applications, as every runtime has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lab.application.place import HostPlace


class Hosts(Protocol):
    """The places that a topology keeps for applications; each verb raises InputError for an unknown host."""

    def place(self, host: str) -> HostPlace:
        """Return the settings of a container at a host's reserved address."""
        ...

    def occupant(self, host: str) -> str:
        """Return the name of the container that has a host's address now; "" if none has."""
        ...

    def run(self, host: str, arguments: Sequence[str]) -> int:
        """Run a container there with the arguments of `docker run`. Return that command's exit code.

        Raise InputError for an option that would lead past the lab's router, or if a container has the address.
        """
        ...

    def attach(self, host: str, container: str) -> None:
        """Take a running container off its networks and put it there; InputError, and nothing done, if it cannot be."""
        ...

    def detach(self, host: str) -> Sequence[str]:
        """Put the container that was taken there back on its networks; return the changes, in words."""
        ...
