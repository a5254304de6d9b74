"""The step `repeat`: steps that are done several times over."""

from __future__ import annotations

from lab.declare.steps.repeat import Repeat
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Turn


@performers.register(Repeat)
def perform_repeat(rehearsal: Rehearsal, step: Repeat, turn: Turn) -> Outcome:
    """Do every round's steps, one after the other."""
    return Outcome(ok=turn.play(turn.inner))
