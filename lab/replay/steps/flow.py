"""The steps that order others, or look on: time passes, inner steps are done, counters are recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf

from lab.base import units
from lab.declare.scenario import Scenario
from lab.declare.steps.flow import Repeat, Snapshot, Together, Wait
from lab.errors import BrokerError, LabTimeout
from lab.history import SnapshotTaken
from lab.plan.values import BridgePlan
from lab.replay.bridges import bridges_of
from lab.replay.listeners import Listeners
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Outcome, Turn
from lab.replay.verbs import wait_in_service
from lab.runtime.messages import destination

_WHERE = {
    "both-ends": "at both ends, but not for long enough",
    "initiator": "at its initiator",
    "responder": "at its responder only",
    "nowhere": "nowhere",
}


@performers.register(Wait)
def perform_wait(rehearsal: Rehearsal, step: Wait, turn: Turn) -> Outcome:
    """Wait for the duration, or until the condition comes true."""
    if step.until is not None:
        return _CONDITIONS[step.until](rehearsal, step)
    seconds = step.duration.total_seconds() if step.duration is not None else 0.0
    wait_in_service(rehearsal, lambda: False, seconds, of_messages=False)
    return Outcome()


def _bridge(rehearsal: Rehearsal, step: Wait) -> Outcome:
    ends, connector = rehearsal.sightings.bridges, step.connector or ""

    def bridges() -> list[BridgePlan]:  # computed each time: a maintenance window may change them
        return bridges_of(rehearsal.plan, connector, step.broker)

    def up() -> bool:
        return bool(bridges()) and all(ends.is_steady(each, rehearsal.now()) for each in bridges())

    def seen() -> str:
        found = ", ".join(f"it is up {_WHERE[ends.state(bridge)]}" for bridge in bridges())
        waiting = rehearsal.service.waiting()
        return (found or "no broker has it in its current configuration") + (f" ({waiting})" if waiting else "")

    return _until(rehearsal, step, up, seen)


def _demand(rehearsal: Rehearsal, step: Wait) -> Outcome:
    to, broker = destination(step), step.broker or ""
    found = _until(
        rehearsal, step, lambda: rehearsal.lab.management.demand(broker, to), lambda: f"{broker} has no demand for it"
    )
    rehearsal.demand(broker, to, present=found.ok)
    return found


def _queue(rehearsal: Rehearsal, step: Wait) -> Outcome:
    broker = step.broker or ""
    queued: list[int] = []

    def empty() -> bool:
        queued[:] = [each.queued for each in rehearsal.lab.management.destinations([(broker, destination(step))])]
        return queued == [0]

    return _until(rehearsal, step, empty, lambda: f"{queued[0]} wait there" if queued else f"{broker} does not answer")


def _received(rehearsal: Rehearsal, step: Wait) -> Outcome:
    client, count = step.client or "", step.count or 0

    def received() -> int:
        return sum(each.received_count for each in rehearsal.recall(Listeners).connections.get(client, ()))

    return _until(
        rehearsal, step, lambda: received() >= count, lambda: f"{client} has received {received()} of {count}"
    )


def _until(rehearsal: Rehearsal, step: Wait, condition: Callable[[], bool], otherwise: Callable[[], str]) -> Outcome:
    """Wait for a condition; if it does not come true, the note describes the present state."""
    silence: list[str] = []

    def holds() -> bool:
        silence.clear()
        try:
            return condition()
        except (BrokerError, LabTimeout) as error:  # tried again: a broker may be away for a while
            silence.append(error.what)
            return False

    if wait_in_service(rehearsal, holds, step.within.total_seconds()):
        return Outcome()
    instead = silence[0] if silence else otherwise()
    return Outcome(ok=False, note=f"it did not come within {units.format_duration(step.within)}: {instead}")


_CONDITIONS: Mapping[str, Callable[[Rehearsal, Wait], Outcome]] = {
    "bridge-up": _bridge,
    "demand": _demand,
    "queue-empty": _queue,
    "received": _received,
}


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


@performers.register(Repeat)
def perform_repeat(rehearsal: Rehearsal, step: Repeat, turn: Turn) -> Outcome:
    """Do every round's steps, one after the other."""
    return Outcome(ok=turn.play(turn.inner))


@performers.register(Snapshot)
def perform_snapshot(rehearsal: Rehearsal, step: Snapshot, turn: Turn) -> Outcome:
    """Record the counters of every broker; the note names those that do not answer."""
    return _take(rehearsal, step.name)


def take_if_wanted(rehearsal: Rehearsal, scenario: Scenario, name: str) -> None:
    """Take the snapshot `start` or `end` if an expectation needs it."""
    if any(name in expectation.snapshots for expectation in scenario.expect):
        _take(rehearsal, name)


def _take(rehearsal: Rehearsal, name: str) -> Outcome:
    silent = []
    for seen in rehearsal.lab.management.snapshot(name):
        rehearsal.record_of_lab(seen)
        if isinstance(seen, SnapshotTaken) and not seen.answered:
            silent.append(seen.broker)
    return Outcome(ok=not silent, note=f"no answer from {', '.join(silent)}" if silent else "")
