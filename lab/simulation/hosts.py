"""The hosts of a simulated lab: attempts to connect start there, but no application can take their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from lab.errors import InputError
from lab.runtime.application.place import HostPlace


class SimulatedHosts:
    """Hosts that refuse every application."""

    def place(self, host: str) -> HostPlace:
        """Raise InputError: no application can take the place of a simulated host."""
        _refuse(host)

    def occupant(self, host: str) -> str:
        """Return "": no container uses the address."""
        return ""

    def run(self, host: str, command: Sequence[str]) -> int:
        """Raise InputError: no application can take the place of a simulated host."""
        _refuse(host)


def _refuse(host: str) -> NoReturn:
    what = f"no application can take {host}'s place: this lab is a simulation, where brokers are models"
    raise InputError.of(what, "open it with real brokers: --runtime emulation")
