"""Conclusions about a broker that is down.

From the moment its process ended, the broker has no end of a bridge and no demand, even if a later poll is the first to
show it. If the broker is paused, or was asked to stop and is not known to have ended, its state is unknown. Polls count
again when another process begins. The state that a poll found may have been so since the poll before; just before a
step that interferes, the earlier poll counts.
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
    """Add conclusions about brokers that are down to a timeline; call it after all observations were added."""
    for out in timeline.outages:
        if out.name.startswith("connector "):
            continue
        if out.gone is None or out.frozen:
            end = out.gone if out.gone is not None else inf if out.end is None else out.end
            timeline.coverage.silences.append(Silence(broker=out.name, kind="management", begin=out.start, end=end))
        if out.gone is not None:
            _known(timeline, out, out.gone)
            _ends(timeline, out, out.gone)
            _demand(timeline, out, out.gone)
    for step in timeline.steps:
        if step.interferes:
            timeline.looks = {of: _around(step.before, found) for of, found in timeline.looks.items()}


def _known(timeline: Timeline, out: Outage, gone: float) -> None:
    """End the silences of a broker when its process ended: until another process begins, its state is known."""
    silences, back = timeline.coverage.silences, out.back_from
    for each in [each for each in timeline.coverage.silences_of(out.name) if each.begin < gone < each.end]:
        place = silences.index(each)
        rest = [replace(each, begin=back)] if each.end > back else []
        silences[place : place + 1] = [replace(each, end=gone), *rest]


def _around(t: float, gaps: Sequence[Silence]) -> list[Silence]:
    """Return the times between two looks without the moment `t`."""
    parts = []
    for each in gaps:
        if each.begin < t < each.end:
            parts += [replace(each, end=t), replace(each, begin=nextafter(t, inf))]
        else:
            parts.append(each)
    return parts


def _ends(timeline: Timeline, out: Outage, gone: float) -> None:
    """End the ends of bridges that a broker had when it went; a poll that found them gone came later.

    A poll that was on its way while the broker was down does not count for that time.
    """
    again, changes = _seen_again(timeline, out), timeline.bridge_changes
    for end, seen in list(timeline.bridges.items()):
        if end.broker != out.name:
            continue
        for t in [t for t, each, up in changes if each == end and up and gone < t < out.back_from]:
            changes.remove((t, end, True))
        if again == inf and seen.up:
            timeline.bridges[end] = seen.with_fields(up=False, t=gone)
        course = sorted(((t, up) for t, each, up in changes if each == end), key=lambda turn: turn[0])
        before = [up for t, up in course if t <= gone]
        if not before or not before[-1]:
            continue
        looks = timeline.looks.get(end, ())
        between = next((each for each in looks if each.begin < again < each.end), None)
        timeline.looks[end] = _until(gone, looks, again)
        changes.append((gone, end, False))
        told = again if between is None else between.end
        if found := [t for t, up in course if gone < t <= told and not up]:
            changes.remove((found[0], end, False))
        elif between is None and again < inf:  # had it not been there, that look would have told so
            changes.append((again, end, True))


def _demand(timeline: Timeline, out: Outage, gone: float) -> None:
    """End the demand that a broker had when it went, which is when a look that found it so came too late."""
    again = _seen_again(timeline, out)
    for of, seen in timeline.demand.items():
        if of[0] != out.name:
            continue
        seen[:] = [each for each in seen if not (each.present and gone < each.t < out.back_from)]
        before = [each.present for each in seen if each.t <= gone]
        if not before or not before[-1]:
            continue
        looks = timeline.looks.get(of, ())
        timeline.looks[of] = _until(gone, looks, again)
        between = any(each.begin < again < each.end for each in looks)
        told = between or any(gone < each.t <= again for each in seen)
        none = Demand(t=gone, broker=of[0], destination=of[1], present=False)
        seen += [none] if told or again == inf else [none, none.with_fields(t=again, present=True)]
        seen.sort(key=lambda each: each.t)


def _until(gone: float, silences: Sequence[Silence], again: float) -> list[Silence]:
    """Return the times between two looks without that from when a broker went until it may have had something again."""
    parts = []
    for each in silences:
        if each.begin < gone < each.end:
            parts += [replace(each, end=gone)] + ([replace(each, begin=again)] if again < each.end else [])
        else:
            parts.append(replace(each, begin=again) if gone <= each.begin < again < each.end else each)
    return parts


def _seen_again(timeline: Timeline, out: Outage) -> float:
    """Return when a broker that was out may have been looked at again; infinity if it never was."""
    back = out.back_from
    silences = timeline.coverage.silences_of(out.name)
    return max((each.end for each in silences if each.begin <= back < each.end), default=back)
