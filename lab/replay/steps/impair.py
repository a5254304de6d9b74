"""The step `impair`: a link carries packets otherwise."""

from __future__ import annotations

from lab.declare.steps.impair import Impair
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps.link import change
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: Impair, turn: Turn) -> Outcome:
    """Replace the impairment as a whole."""
    return change(rehearsal, step, impairment=step.impairment())
