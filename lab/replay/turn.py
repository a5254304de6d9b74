"""A step's turn: what its performer is told beside the step itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab.declare.steps.base import Step
from lab.declare.unrolling import Numbered
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal


class StepTimes:
    """When the last step of each verb began, and ended: what is claimed after it counts from there."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.began: dict[str, float] = {}
        self.ended: dict[str, float] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The turn of one step; a performer returns its Outcome, or None where it goes on and calls `ended` when over."""

    number: int
    place: str  # where a person finds it, if the number does not say that already
    inner: tuple[Numbered, ...]
    later: Callable[[], tuple[Step, ...]]  # the steps that go on beside it, or come later
    play: Callable[[Sequence[Numbered]], bool]  # does steps one after the other, and tells whether all went as asked
    ended: Callable[[Outcome], None]
