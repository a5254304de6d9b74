"""What follows from a broker's outage where no look in time tells it: the last look before it proves nothing any more.

A broker that does not run has no end of a bridge and no demand; of one that is paused nobody can tell.
"""

from __future__ import annotations

from math import inf

from lab.history import BridgeSeen, Demand
from lab.judge.evidence.coverage import Silence
from lab.judge.evidence.outages import Outage
from lab.judge.evidence.timeline import Timeline, end_of


def conclude(timeline: Timeline) -> None:
    """Add to a timeline what follows from its outages; call it after all observations were added."""
    for out in timeline.outages:
        if out.what.startswith("connector "):
            continue
        if out.state == "paused":
            begin, end = out.start, inf if out.end is None else out.end
            timeline.coverage.silences.append(Silence(broker=out.what, of="management", begin=begin, end=end))
        else:
            _ends(timeline, out)
            _demand(timeline, out)


def _ends(timeline: Timeline, out: Outage) -> None:
    """End the ends of bridges that a broker had when it went, and of which nothing more was seen until it came back."""
    for end, seen in list(timeline.bridges.items()):
        if end.broker != out.what:
            continue
        course = sorted(((t, up) for t, each, up in timeline.bridge_changes if each == end), key=lambda turn: turn[0])
        before = [up for t, up in course if t <= out.start]
        if not before or not before[-1] or any(_within(t, out) for t, _ in course):
            continue
        timeline.bridge_changes.append((out.start, end, False))
        if seen.up and seen.t <= out.start:
            timeline.bridges[end] = seen.with_fields(up=False, t=out.start)
        again = (
            each.t
            for each in timeline.seen
            if isinstance(each, BridgeSeen) and end_of(each) == end and each.up and each.t > out.start
        )
        timeline.bridge_changes += ((t, end, True) for t in list(again)[:1])


def _demand(timeline: Timeline, out: Outage) -> None:
    """End the demand that a broker had when it went, and of which nothing more was seen until it came back."""
    for (broker, destination), seen in timeline.demand.items():
        before = [each.present for each in seen if each.t <= out.start]
        if broker == out.what and before and before[-1] and not any(_within(each.t, out) for each in seen):
            seen.append(Demand(t=out.start, broker=broker, destination=destination, present=False))
            seen.sort(key=lambda each: each.t)


def _within(t: float, out: Outage) -> bool:
    return out.start < t and (out.end is None or t <= out.end)
