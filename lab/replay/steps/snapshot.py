"""The step `snapshot`: every counter of every broker is recorded."""

from __future__ import annotations

from lab.declare.scenario import Scenario
from lab.declare.steps.snapshot import Snapshot
from lab.history import SnapshotTaken
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Turn


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
