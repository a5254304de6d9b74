"""What a step is given by the replay, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab.base.dataclass import dataclass
from lab.declare.steps.base import Step
from lab.declare.unrolling import Numbered
from lab.errors import LabError
from lab.replay.rehearsal import Rehearsal
from lab.replay.stage import Replayed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The success or failure of a step, with a note for the history."""

    ok: bool = True
    note: str = ""


def refused(stage: Replayed, refuser: str, error: LabError) -> Outcome:
    """Record a refusal by `refuser`, such as a broker, and return the failed Outcome."""
    stage.trouble(refuser, error.what)
    return Outcome(ok=False, note=error.what)


class StepTimes:
    """When the last step of each verb, and each with a name of its own, began and ended; expectations count from there.

    Moments are in seconds since the replay began, by verb and by name.
    """

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.began: dict[str, float] = {}
        self.ended: dict[str, float] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The turn of one step; a performer returns its Outcome, or None if it continues and calls `ended` at its end."""

    number: int
    place: str  # the step's place for a person; empty if it is the number
    inner: tuple[Numbered, ...]
    later: Callable[[], tuple[Step, ...]]  # returns the steps that run beside it or come later
    play: Callable[[Sequence[Numbered]], bool]  # does steps one after the other; returns whether each ended as written
    ended: Callable[[Outcome], None]
