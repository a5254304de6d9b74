"""The step `flap`: a link is cut and healed in turns."""

from __future__ import annotations

from lab.declare.steps.flap import Flap
from lab.link.impairment import LinkState
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps.link import change
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: Flap, turn: Turn) -> Outcome:
    """Cut and heal in turns; every moment counts from the first cut, so that nothing drifts."""
    begin, down, up = rehearsal.now(), step.down.total_seconds(), step.up.total_seconds()
    for time in range(step.times):
        rehearsal.wait(lambda: False, begin + time * (down + up) - rehearsal.now())
        change(rehearsal, step, state=LinkState.CUT)
        rehearsal.wait(lambda: False, begin + time * (down + up) + down - rehearsal.now())
        change(rehearsal, step, state=LinkState.OPEN)
    return Outcome()
