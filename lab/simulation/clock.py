"""The virtual clock of a simulated lab, in the seconds of the seam."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf

from lab.simulation.kernel import SECOND, Kernel


def nanoseconds(seconds: float) -> int:
    """Return seconds as whole ns, rounded up: a task that sleeps until a moment wakes at it or later."""
    return ceil(seconds * SECOND)


class VirtualClock:
    """A Clock of a kernel's time."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.notify = kernel.notify
        self.now = kernel.tick  # a task that asks takes a µs for it

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        if seconds > 0:
            self._kernel.sleep(nanoseconds(seconds))

    def wait(self, until: Callable[[], bool], seconds: float, *, of_messages: bool = True) -> bool:
        """Wait until a condition holds, at most so many seconds; return whether it holds."""
        within = None if seconds == inf else ceil(seconds * SECOND) if seconds > 0 else 0  # as `nanoseconds`
        return self._kernel.wait(until, within, of_messages=of_messages)

    def begin(self, name: str, work: Callable[[], None]) -> None:
        """Run `work` as a task of the kernel."""
        self._kernel.begin(work)
