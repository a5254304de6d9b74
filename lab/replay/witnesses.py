"""What the claims of a scenario want of the brokers' counters: snapshots before and after, and demand to be watched."""

from __future__ import annotations

from lab.declare.scenario import Scenario
from lab.history import SnapshotTaken
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.runtime.messages import Destination


def take_snapshot(rehearsal: Rehearsal, name: str) -> Outcome:
    """Record all that every broker counts now, and say which do not answer."""
    silent = []
    for seen in rehearsal.lab.snapshot(name):
        rehearsal.record_of_lab(seen)
        if isinstance(seen, SnapshotTaken) and not seen.answered:
            silent.append(seen.broker)
    return Outcome(ok=not silent, note=f"no answer from {', '.join(silent)}" if silent else "")


def take_if_wanted(rehearsal: Rehearsal, scenario: Scenario, name: str) -> None:
    """Take the snapshot `start` or `end`, where a claim looks at it."""
    if any(name in claim.snapshots for claim in scenario.expect):
        take_snapshot(rehearsal, name)


def watched(scenario: Scenario) -> tuple[tuple[str, Destination], ...]:
    """Return each broker and destination whose demand a claim is about."""
    pairs = dict.fromkeys(claim.watched for claim in scenario.expect if claim.watched is not None)
    return tuple((broker, Destination.of(written)) for broker, written in pairs)
