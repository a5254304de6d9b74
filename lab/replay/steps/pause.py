"""The step `pause`: an instance freezes."""

from __future__ import annotations

from lab.declare.steps.pause import Pause
from lab.replay.instances import change_instance
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: Pause, turn: Turn) -> Outcome:
    """Freeze the instance's process."""

    def pause(number: int) -> str:
        rehearsal.service.ends(step.broker, number)
        rehearsal.record_of_lab(rehearsal.lab.pause(step.broker, number))
        return ""

    return change_instance(rehearsal, step, pause)
