"""A step of a history: its words, from when to when it ran, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nextafter

from lab.base.dataclass import dataclass
from lab.declare.steps.base import Compound, Fault, Step
from lab.history import Approached


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken:
    """A step with its begin and end in seconds; `ended` is None if the history ends before the step."""

    step: int
    verb: str
    asked: str  # the step as written, in one line
    started: float
    ended: float | None = None
    kind: type[Step] = Step
    name: str = ""  # its own
    place: str = ""  # where a person finds it, such as "5.1 round 2"
    label: str = ""  # its place and what it asked, such as "step 5.1 (publish 100 …)"
    ok: bool = True  # whether it did what was asked
    fails: bool = False  # whether the scenario has it fail
    note: str = ""  # on how it ended

    @property
    def done(self) -> float:
        """Return the moment from which the step's effect is expected."""
        return self.started if self.ended is None else self.ended

    @property
    def before(self) -> float:
        """Return the last moment before it began, at which no action of the step is done, even in a simulation."""
        return nextafter(self.started, -inf)

    @property
    def fault(self) -> Fault | None:
        """Return the part of a message's way that it changes; None if it changes none."""
        return self.kind.fault

    @property
    def interferes(self) -> bool:
        """Return whether it changes a link or a broker so that bridges and demand may come or go."""
        return self.fault not in (None, Fault.QUALITY)

    def comes_after(self, other: StepTaken) -> bool:
        """Return whether it began once another step was done; one that takes no time is not its own successor."""
        return (self.started, self.step) > (other.done, other.step)

    @property
    def missed(self) -> bool:
        """Return whether it ended otherwise than the scenario has it; a step made of steps leaves that to them."""
        return self.ended is not None and self.ok is self.fails and not issubclass(self.kind, Compound)

    def is_in(self, other: StepTaken) -> bool:
        """Return whether it is one of the steps that another one is made of, in the same round."""
        inside = self.place.startswith(f"{other.place.partition(' ')[0]}.")
        return inside and other.started <= self.started <= other.done

    def is_of(self, client: str) -> bool:
        """Return whether it is a step of a client's own, as its words begin with the client's name."""
        return self.asked.startswith(f"{client} ")


def of_attempt(tried: Approached, steps: Sequence[StepTaken]) -> StepTaken | None:
    """Return the step by which a client tried something; None if the history has none."""
    its = (step for step in steps if step.started <= tried.t <= step.done and step.is_of(tried.client))
    return next(its, None)
