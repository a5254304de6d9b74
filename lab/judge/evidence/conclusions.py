"""What follows from a broker's outage where no look in time tells it: the last look before it proves nothing any more.

A broker that does not run has no end of a bridge and no demand; of one that is paused nobody can tell. What a look
found may have been so since the look before; just before a step that interferes, the look before that counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf, nextafter

from lab.history import Demand
from lab.judge.evidence.coverage import Silence
from lab.judge.evidence.outages import Outage
from lab.judge.evidence.timeline import Timeline


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
    for step in timeline.steps:
        if step.interferes:
            timeline.looks = {of: _around(step.started, found) for of, found in timeline.looks.items()}


def _around(t: float, found: Sequence[Silence]) -> list[Silence]:
    """Return the times between two looks without the moment `t`."""
    parts = []
    for each in found:
        if each.begin < t < each.end:
            parts += [replace(each, end=t), replace(each, begin=nextafter(t, inf))]
        else:
            parts.append(each)
    return parts


def _ends(timeline: Timeline, out: Outage) -> None:
    """End the ends of bridges that a broker had when it went, where no look before it was seen again told of that."""
    again = _seen_again(timeline, out)
    for end, seen in list(timeline.bridges.items()):
        if end.broker != out.what:
            continue
        course = sorted(((t, up) for t, each, up in timeline.bridge_changes if each == end), key=lambda turn: turn[0])
        before = [up for t, up in course if t <= out.start]
        if not before or not before[-1] or any(out.start < t <= again for t, _ in course):
            continue
        timeline.bridge_changes.append((out.start, end, False))
        if out.end is None:
            timeline.bridges[end] = seen.with_fields(up=False, t=out.start)
        elif again < inf:  # had it not been there, that look would have told so
            timeline.bridge_changes.append((again, end, True))


def _demand(timeline: Timeline, out: Outage) -> None:
    """End the demand that a broker had when it went, where no look before it was seen again told of that."""
    again = _seen_again(timeline, out)
    for (broker, destination), seen in timeline.demand.items():
        before = [each.present for each in seen if each.t <= out.start]
        if broker == out.what and before and before[-1] and not any(out.start < each.t <= again for each in seen):
            gone = Demand(t=out.start, broker=broker, destination=destination, present=False)
            seen += [gone, gone.with_fields(t=again, present=True)] if again < inf else [gone]
            seen.sort(key=lambda each: each.t)


def _seen_again(timeline: Timeline, out: Outage) -> float:
    """Return when a broker was looked at again after an outage; infinity if it never was."""
    if out.end is None:
        return inf
    silences = timeline.coverage.silences_of(out.what)
    return max((each.end for each in silences if each.begin <= out.end < each.end), default=out.end)
