"""Whom the router refuses connections for: an instance that does not run, since nobody else would answer for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from lab.emulation.brokers.power import DOWN, Power
from lab.emulation.state import InstanceState


class Refusals:
    """Keeps the router's list as the instances are; whoever changes one renews it, from any thread."""

    def __init__(
        self,
        power: Power,
        instances: Sequence[InstanceState],
        refuse_for: Callable[[Sequence[str]], None],
    ) -> None:
        self._power, self._instances, self._refuse_for = power, instances, refuse_for
        self._one = Lock()

    def renew(self) -> None:
        """Tell the router the addresses of all that is down now; an older list never comes after a newer one."""
        with self._one:
            self._refuse_for([its.address for its in self._instances if self._power.state(its) == DOWN])
