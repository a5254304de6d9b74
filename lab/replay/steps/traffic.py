"""The step `traffic`: messages are sent in the background, beside the steps after it, until it is ended."""

from __future__ import annotations

from datetime import timedelta
from math import inf

from lab.base.dataclass import dataclass
from lab.declare.steps.traffic import Traffic
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.steps.publish import Sending
from lab.replay.tasks import Task
from lab.replay.turn import Turn


@dataclass(slots=True, kw_only=True)
class Flow:
    """Traffic that has begun."""

    sending: Sending
    task: Task
    duration: timedelta | None


class Flows:
    """All traffic by its name, ended traffic included."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.by_name: dict[str, Flow] = {}


@performers.register(Traffic)
def perform_traffic(rehearsal: Rehearsal, step: Traffic, turn: Turn) -> Outcome | None:
    """Connect and send the first message; return an Outcome only if it cannot begin."""
    flows = rehearsal.recall(Flows).by_name
    flow = flows.get(step.name)
    if flow is not None and not flow.task.done:
        return Outcome(ok=False, note=f"traffic named {step.name} still goes on")
    sending = Sending(rehearsal, step, turn)
    if (refused := sending.connect()) is not None:
        return refused
    task = rehearsal.tasks.begin(f"traffic-{step.name}", lambda: turn.ended(sending.send()))
    flows[step.name] = Flow(sending=sending, task=task, duration=step.duration)
    # what follows is after it on any clock: steps that wait for 3 s see the message that is due after 3 s
    rehearsal.wait(lambda: sending.begun or task.done, inf)
    return None


def end_all(rehearsal: Rehearsal) -> None:
    """Stop traffic without a duration, and return when all traffic has ended."""
    for flow in rehearsal.recall(Flows).by_name.values():
        if flow.duration is None:
            flow.sending.stopped = True
    rehearsal.clock.notify()
    for flow in rehearsal.recall(Flows).by_name.values():
        rehearsal.wait(lambda flow=flow: flow.task.done, inf, of_messages=False)  # type: ignore[misc]
