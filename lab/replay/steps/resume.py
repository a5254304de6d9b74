"""The step `resume`: a frozen instance continues."""

from __future__ import annotations

from lab.declare.steps.resume import Resume
from lab.replay.instances import change_instance
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: Resume, turn: Turn) -> Outcome:
    """Let the instance's process continue."""

    def resume(number: int) -> str:
        rehearsal.record_of_lab(rehearsal.lab.resume(step.broker, number))
        rehearsal.service.runs(step.broker, number)
        return ""

    return change_instance(rehearsal, step, resume)
