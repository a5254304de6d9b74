"""A simulated lab that leaves the calibrated range: its history records it, and later verdicts are unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lab.errors import LabTimeout, PlanError
from lab.history import Uncalibrated
from lab.simulation.kernel import SECOND, Kernel


class Boundary:
    """Records where a run left the calibrated range, also for an event that ends the run by itself."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel, self._throw = kernel, kernel.fail
        self._untold: list[Uncalibrated] = []
        self._ignored: set[tuple[str, str]] = set()
        self._record: Callable[[Uncalibrated], object] = self._untold.append
        kernel.fail = self._fail

    def tell(self, broker: str, why: str, since: int) -> None:
        """Record that from a moment in ns on, the models of a broker guess; of all brokers if `broker` is ""."""
        self._record(Uncalibrated(t=self._kernel.now / SECOND, broker=broker, why=why, since=since / SECOND))

    def tell_ignored(self, ignored: Iterable[tuple[str, str]]) -> None:
        """Record, once each, that brokers are simulated without a setting from now on."""
        for broker, why in ignored:
            if (broker, why) not in self._ignored:
                self._ignored.add((broker, why))
                self.tell(broker, why, self._kernel.now)

    def follow(self, record: Callable[[Uncalibrated], object]) -> None:
        """Record the kept entries, then each new one."""
        untold, self._untold = self._untold, []
        for each in untold:
            record(each)
        self._record = record

    def unfollow(self) -> None:
        """Keep new entries until a recorder follows again."""
        self._record = self._untold.append

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, PlanError | LabTimeout):
            self.tell("", error.what, self._kernel.now)
        self._throw(error)
