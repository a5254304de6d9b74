"""The step `end-traffic`: traffic stops sending."""

from __future__ import annotations

from math import inf

from lab.declare.steps.end_traffic import EndTraffic
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.steps.traffic import Flows
from lab.replay.turn import Turn


@performers.register(EndTraffic)
def perform_end_traffic(rehearsal: Rehearsal, step: EndTraffic, turn: Turn) -> Outcome:
    """Stop traffic, and return when each of its messages has its outcome."""
    flow = rehearsal.recall(Flows).by_name.get(step.name)
    if flow is None:
        return Outcome(ok=False, note=f"there is no traffic named {step.name}")
    if flow.task.done:
        return Outcome(note="it had ended before")
    flow.sending.stopped = True
    rehearsal.clock.notify()
    rehearsal.wait(lambda: flow.task.done, inf, of_messages=False)
    return Outcome()
