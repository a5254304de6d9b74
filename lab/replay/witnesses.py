"""What the claims of a scenario want of the brokers' counters: snapshots before and after, and demand to be watched."""

from __future__ import annotations

from lab.declare.expectations.demand import Demanded
from lab.declare.scenario import Scenario
from lab.declare.steps.snapshot import END, START
from lab.history import SnapshotTaken
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.wording import destination
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
    if name in wanted(scenario):
        take_snapshot(rehearsal, name)


def wanted(scenario: Scenario) -> frozenset[str]:
    """Name the snapshots of `start` and `end` that the claims look at."""
    return frozenset(name for claim in scenario.expect for name in claim.snapshots if name in (START, END))


def demanded(scenario: Scenario) -> tuple[tuple[str, Destination], ...]:
    """Return each broker and destination whose demand a claim is about."""
    claims = [claim for claim in scenario.expect if isinstance(claim, Demanded)]
    return tuple(dict.fromkeys((claim.broker, destination(claim)) for claim in claims))


def await_demand(rehearsal: Rehearsal, claim: Demanded) -> None:
    """Wait until the demand is as claimed, or until there is no more time for it."""
    if claim.after is None or claim.within is None or claim.after not in rehearsal.last_change:
        return
    key = (claim.broker, str(destination(claim)))
    left = rehearsal.last_change[claim.after] + claim.within.total_seconds() - rehearsal.now()
    rehearsal.wait(lambda: rehearsal.demands.get(key) is claim.present, left)
