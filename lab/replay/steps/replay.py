"""The step `replay`."""

from __future__ import annotations

from lab.declare.steps.replay import Replay
from lab.replay.outcome import Outcome
from lab.replay.recorded import RecordedSending
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Turn


@performers.register(Replay)
def perform_replay(rehearsal: Rehearsal, step: Replay, turn: Turn) -> Outcome:
    """Send all messages of a recording, and return when each has its outcome."""
    return RecordedSending(rehearsal, step, turn.number, rehearsal.tasks.senders, turn.place).perform()
