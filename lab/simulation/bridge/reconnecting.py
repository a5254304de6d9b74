"""The time before a network connector tries again, and the number of its attempts: `SimpleDiscoveryAgent`."""

from __future__ import annotations

from lab.base.dataclass import dataclass
from lab.simulation.kernel import MILLISECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """How soon, and how often, a connector tries again. Times are in ns."""

    initial: int = 1_000 * MILLISECOND
    longest: int = 30_000 * MILLISECOND
    multiplier: int = 2
    exponential: bool = True
    least: int = 5_000 * MILLISECOND  # minConnectTime: what fails sooner was no connection
    attempts: int = 0  # 0 for any number

    def next_delay(self, delay: int | None, lasted: int) -> int:
        """Return the wait after a failure: `SimpleDiscoveryAgent.serviceFailed`.

        `delay` is the last wait, None before the first; `lasted` is how long ago the attempt began. One that lasted
        begins the series anew, whether it was a bridge that worked, or a SYN without an answer.
        """
        if lasted >= self.least or not self.exponential or delay is None:
            return self.initial
        return min(delay * self.multiplier, self.longest)
