"""The step `kill`: the process of an instance ends at once."""

from __future__ import annotations

from lab.declare.steps.kill import Kill
from lab.replay.instances import end_instance
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: Kill, turn: Turn) -> Outcome:
    """Kill the instance's process."""
    return end_instance(rehearsal, step, rehearsal.lab.kill)
