"""Lets the router refuse connections to instances that are down, as a host would; else clients would time out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from lab.emulation.brokers.power import Power
from lab.emulation.state import InstanceState
from lab.runtime.status import DOWN


class Refusals:
    """Keeps the router's list of instances that are down up to date; `renew` it after each change, from any thread."""

    def __init__(
        self,
        power: Power,
        instances: Sequence[InstanceState],
        refuse_for: Callable[[Sequence[str]], None],
    ) -> None:
        self._power, self._instances, self._refuse_for = power, instances, refuse_for
        self._lock = Lock()

    def renew(self) -> None:
        """Send the router the addresses of all instances that are down now; an older list never follows a newer one."""
        with self._lock:
            self._refuse_for([its.address for its in self._instances if self._power.state(its) == DOWN])
