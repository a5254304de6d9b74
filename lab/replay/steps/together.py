"""The step `together`: its steps begin at the same time."""

from __future__ import annotations

from math import inf

from lab.declare.steps.together import Together
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Turn


@performers.register(Together)
def perform_together(rehearsal: Rehearsal, step: Together, turn: Turn) -> Outcome:
    """Do the inner steps, each in its own task, and return when all are done."""
    oks: list[bool] = []
    tasks = [
        rehearsal.tasks.begin(f"step-{each.written}", lambda each=each: oks.append(turn.play((each,))))  # type: ignore[misc]
        for each in turn.inner
    ]
    rehearsal.wait(lambda: all(task.done for task in tasks), inf, of_messages=False)
    return Outcome(ok=all(oks))
