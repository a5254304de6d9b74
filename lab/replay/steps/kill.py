"""The step `kill`: the process of an instance ends at once."""

from __future__ import annotations

from lab.declare.steps.kill import Kill
from lab.replay.instances import change_instance
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: Kill, turn: Turn) -> Outcome:
    """Kill the instance's process."""

    def kill(number: int) -> str:
        rehearsal.service.ends(step.broker, number)
        rehearsal.record_of_lab(rehearsal.lab.kill(step.broker, number))
        return ""

    return change_instance(rehearsal, step, kill)
