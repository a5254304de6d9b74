"""Traffic: a step that sends in the background, beside the steps after it, until it is told to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import inf

from lab.declare.steps.end_traffic import EndTraffic
from lab.declare.steps.traffic import Traffic
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps.publish import Sending
from lab.replay.tasks import Task


@dataclass(slots=True, kw_only=True)
class Flow:
    """Traffic that goes on."""

    sending: Sending
    task: Task
    duration: timedelta | None


def begin(rehearsal: Rehearsal, number: int, step: Traffic, ended: Callable[[Outcome], None]) -> Outcome | None:
    """Connect and let it flow; `ended` is told the outcome when it has ended. An Outcome where it could not begin."""
    flow = rehearsal.traffic.get(step.name)
    if flow is not None and not flow.task.done:
        return Outcome(ok=False, note=f"traffic named {step.name} still goes on")
    sending = Sending(rehearsal, number, step)
    if (refused := sending.connect()) is not None:
        return refused
    task = rehearsal.beside.begin(f"traffic-{step.name}", lambda: ended(sending.send()))
    rehearsal.traffic[step.name] = Flow(sending=sending, task=task, duration=step.duration)
    return None


def end(rehearsal: Rehearsal, step: EndTraffic) -> Outcome:
    """Let traffic send no more, and return when each of its messages has its outcome."""
    flow = rehearsal.traffic.get(step.name)
    if flow is None:
        return Outcome(ok=False, note=f"there is no traffic named {step.name}")
    if flow.task.done:
        return Outcome(note="it had ended before")
    flow.sending.told_to_end = True
    rehearsal.clock.notify()
    rehearsal.wait(lambda: flow.task.done, inf)
    return Outcome()


def end_all(rehearsal: Rehearsal) -> None:
    """End all traffic that goes on until told, and return when the rest has ended by itself."""
    for flow in rehearsal.traffic.values():
        if flow.duration is None:
            flow.sending.told_to_end = True
    rehearsal.clock.notify()
    for flow in rehearsal.traffic.values():
        rehearsal.wait(lambda flow=flow: flow.task.done, inf)  # type: ignore[misc]
