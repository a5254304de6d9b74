"""The row of one run: its values, its outcome and its figures."""

from __future__ import annotations

from lab.base.dataclass import dataclass
from lab.extras.vary.combinations import Combination
from lab.judge.percentiles import Percentiles
from lab.judge.values import Verdict

ERROR = "error"  # the outcome of a run that has none of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The messages expected by one topic's subscriber, or by all subscribers of one queue."""

    subscriber: str
    destination: str
    expected: int
    delivered: int
    duplicates: int
    latency: Percentiles | None
    waiting: int = 0  # this and what follows: of those not delivered, as in lab.judge.not_delivered
    dead_letters: int = 0
    discarded: int = 0
    expired: int = 0
    lost: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The outcome of one run. A run with an error has no figures: partial figures would be taken for the whole."""

    combination: Combination
    outcome: str  # passed, failed, unknown, or error
    seed: int | None  # as it was; None where the run did not come so far
    why: str = ""  # it failed, in words
    exit_code: int = 0  # of the error that it failed with
    verdicts: tuple[Verdict, ...] = ()
    expected: int | None = None
    delivered: int | None = None
    waiting: int | None = None  # this and what follows: of those not delivered, as in lab.judge.not_delivered
    dead_letters: int | None = None
    discarded: int | None = None
    expired: int | None = None
    lost: int | None = None
    unknown: int | None = None
    duplicates: int | None = None
    latency: Percentiles | None = None  # ms, of all messages
    flows: tuple[Flow, ...] = ()
    took: float | None = None  # virtual seconds from the first send to the last first delivery
    lasted: float | None = None  # virtual seconds of the whole replay
    cpu: float | None = None  # seconds of the processor, for all of the run

    @property
    def error(self) -> bool:
        """Return whether the run ended with an error."""
        return self.outcome == ERROR

    @property
    def rate(self) -> float | None:
        """Return the messages a second, from the first send to the last first delivery."""
        return self.delivered / self.took if self.took and self.delivered is not None else None


def error_row(combination: Combination, why: str, exit_code: int) -> Row:
    """Return the row of a run that has no result."""
    return Row(combination=combination, outcome=ERROR, seed=combination.seed, why=why, exit_code=exit_code)
