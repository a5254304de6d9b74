"""A clock of virtual time for what waits without a lab: nobody tells it when to look, so it looks every 50 ms."""

from __future__ import annotations

from collections.abc import Callable

from lab.simulation.clock import VirtualClock, nanoseconds
from lab.simulation.kernel import Kernel

LOOK_EVERY = nanoseconds(0.05)


class PolledClock(VirtualClock):
    """Virtual time, in which conditions are tested as often as the real clock tests them."""

    def __init__(self) -> None:
        self.kernel = Kernel()
        super().__init__(self.kernel)
        self._look()

    def _look(self) -> None:
        self.notify()
        self.kernel.after(LOOK_EVERY, self._look)

    def at(self, moment: float, do: Callable[[], object]) -> None:
        """Call something at a moment."""
        self.kernel.at(nanoseconds(moment), do)
