"""The step `pause`: an instance freezes."""

from __future__ import annotations

from lab.declare.steps.pause import Pause
from lab.replay.instances import end_instance
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: Pause, turn: Turn) -> Outcome:
    """Freeze the instance's process."""
    return end_instance(rehearsal, step, rehearsal.lab.pause)
