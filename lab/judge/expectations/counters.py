"""Judge of the expectation `counters`: the rise of counters between two snapshots, and values at one."""

from __future__ import annotations

from lab.activemq.destinations import destination_of
from lab.declare.between import Portion
from lab.declare.expectations.counters import Counters
from lab.declare.steps.flow import END, START
from lab.judge.evidence.discards import began_again
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.queues import whereabouts
from lab.judge.evidence.snapshots import Rise, Snapshots, Subject
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, asked, unknown
from lab.judge.values import Outcome

_RECORDED = {"waiting": "queued", "memory": "memory-percent"}  # what is expected, by another name in a snapshot
_OF_ALL = {**_RECORDED, "consumers": "subscriptions"}  # of a broker: its own total counts advisories' consumers too
_SUMMED = {"waiting": "destination", "in-flight": "destination", "connections": "connector"}


@judges.register(Counters)
def judge_counters(expectation: Counters, evidence: Evidence) -> Finding:
    """Judge the rise of each counter expected, and the amounts expected at one moment."""
    snapshots, destination = evidence.timeline.snapshots, destination_of(expectation)
    if expectation.bridge is not None:
        subject, what = (
            Subject("bridge", expectation.bridge),
            f"{expectation.broker}'s end of the bridge {expectation.bridge}",
        )
    elif destination is not None:
        subject, what = Subject("destination", destination), f"{destination} on {expectation.broker}"
    else:
        subject, what = None, f"{expectation.broker} in all"
    passed, failed, unknowns, span = [], [], [], (0.0, 0.0)
    for counter, amount in expectation.amounts.items():
        rise = _rise(expectation, snapshots, subject, counter)
        if isinstance(rise, str):
            unknowns.append(rise)
        elif counter == "discarded" and (few := began_again(evidence, expectation.broker, destination, rise)):
            if amount.at_most is not None and rise.by > amount.at_most:
                failed.append(f"{counter} at least {rise.by}{asked(amount)}")
                span = (rise.begin, rise.end)
            elif amount.at_most is None and amount.holds(rise.by):
                passed.append(f"{counter} at least {rise.by}")
            else:
                unknowns.append(f"{what} {counter} at least {rise.by}: {few}")
        elif amount.holds(rise.by):
            passed.append(f"{counter} {rise.by}")
        else:
            failed.append(f"{counter} {rise.by}{asked(amount)}")
            span = (rise.begin, rise.end)
    at = expectation.at or END
    for name, bounds in expectation.levels.items():
        number = _level(snapshots, at, expectation.broker, subject, name)
        if isinstance(number, str):
            unknowns.append(number)
            continue
        percent = isinstance(bounds, Portion)
        shown = f"{name} {number}{'%' if percent else ''}"
        if bounds.holds(number, 100) if isinstance(bounds, Portion) else bounds.holds(number):
            passed.append(shown)
        else:
            failed.append(f"{shown}{asked(bounds)}")
            span = span if expectation.amounts else _moment(snapshots, at, expectation.broker)
    between = [f"between {expectation.between[0]} and {expectation.between[1]}"] if expectation.amounts else []
    when = " and ".join([*between, *([f"at {at}"] if expectation.levels else [])])
    if failed:
        its = whereabouts(evidence, destination) if destination and expectation.between == (START, END) else None
        taken = f"; {its.taken_words()}" if its is not None and its.taken else ""
        return Outcome.FAILED, f"{what}, {when}: {'; '.join(failed)}{taken or evidence.causes.between(*span)}"
    if unknowns:
        return unknown("; ".join(dict.fromkeys(unknowns)), evidence)
    return Outcome.PASSED, f"{what}, {when}: {', '.join(passed)}"


def _rise(expectation: Counters, snapshots: Snapshots, subject: Subject | None, counter: str) -> Rise | str:
    """Return by how much a counter rose, or why that is unknown; without a subject, that of all destinations."""
    if subject is None:
        return snapshots.rise_of_all(expectation.between, expectation.broker, counter)
    return snapshots.rise(expectation.between, expectation.broker, subject, counter)


def _level(snapshots: Snapshots, at: str, broker: str, subject: Subject | None, name: str) -> int | str:
    """Return how many there are of something in a snapshot, or why that is unknown."""
    if subject is not None:
        return snapshots.count(at, broker, subject, _RECORDED.get(name, name))
    if name in _SUMMED:
        return snapshots.sum(at, broker, _SUMMED[name], _RECORDED.get(name, name))
    return snapshots.count(at, broker, Subject("broker", broker), _OF_ALL.get(name, name))


def _moment(snapshots: Snapshots, at: str, broker: str) -> tuple[float, float]:
    """Return the moment of a broker's part of a snapshot, as a span."""
    part = snapshots.part(at, broker)
    return (0.0, 0.0) if isinstance(part, str) else (part.t, part.t)
