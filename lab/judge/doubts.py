"""Reasons why an expectation cannot be judged from the history of a running lab, and the moment it is judged at."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import hears
from lab.base.units import several
from lab.declare.expectations.base import Arrivals, Expectation
from lab.history.expected.records import is_queue
from lab.judge.evidence.consumers import Doubt
from lab.judge.evidence.coverage import unasked
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.timeline import Timeline
from lab.judge.values import Outcome
from lab.judge.wording import moment, silent, unwatched


def doubt(expectation: Expectation, timeline: Timeline) -> str:
    """Return why an expectation cannot be judged: the history lacks its evidence, or it was not watched; else ""."""
    for of, what in timeline.coverage.forgotten.items():
        if (of != "messages" or expectation.depends_on_messages) and timeline.interval.begin <= what.until:
            words = "messages" if of == "messages" else "anything"
            return f"the history does not hold {words} up to {moment(what.until)} any more: ask from a later mark on"
    gap = timeline.coverage.gap(timeline.end, timeline.end) if expectation.depends_on_watching else None
    return "" if gap is None else unwatched(gap)


def unproven(expectation: Expectation, outcome: Outcome, evidence: Evidence) -> str:
    """Return why observers prove too little for a verdict on messages; "" if nothing speaks against it."""
    its = evidence.applications
    if its is None or not expectation.depends_on_messages:
        return ""
    interval, arrivals = evidence.timeline.interval, expectation.arrivals
    if gap := its.gap(interval.begin, interval.end):
        return gap
    for unsure in its.doubts(interval.begin, interval.end):
        if _matters(unsure, arrivals, outcome):
            return str(unsure)
    audiences = evidence.audiences if arrivals is None else tuple(each.audience for each in evidence.meant(arrivals))
    names = [name for audience in audiences for name in audience.names]
    return its.crowded(names, interval.begin) or (its.unread(names) if outcome is Outcome.PASSED else "")


def _matters(unsure: Doubt, arrivals: Arrivals | None, outcome: Outcome) -> bool:
    """Return whether an expectation depends on the subscription of a client; messages that came to a queue did come."""
    if arrivals is None:
        return True
    if outcome is Outcome.PASSED and not arrivals.none and is_queue(unsure.destination):
        return False
    destination = arrivals.destination
    return arrivals.are_for(unsure.client, unsure.broker) and (
        destination is None or hears(unsure.destination, destination)
    )


def as_of(timeline: Timeline) -> str:
    """Return the prefix of a reason that is judged while the lab is still open; else ""."""
    now = timeline.standing and timeline.ended is None and timeline.interval.end > timeline.end
    return f"as of now ({moment(timeline.end)}): " if now else ""


def limits_of(timeline: Timeline) -> Iterator[str]:
    """Yield notes: the interval of a running lab that was judged, when it was unwatched, and what was left out."""
    if as_of(timeline):
        yield f"The lab was not ended: everything is as of {moment(timeline.end)}, the last moment in its history."
    if timeline.interval.text:
        yield f"Judged {timeline.interval.text}: messages, verbs and log lines of that time."
    for gap in timeline.coverage.gaps:
        yield f"Bridges, demand and logs may have changed unseen: {unwatched(gap)}."
    for silence in unasked(timeline.coverage.silences, timeline.outages):
        unseen = (
            "it may have logged more" if silence.kind == "log" else "its bridges and demand may have changed unseen"
        )
        yield f"{silent(silence)}: {unseen}."
    for of, what in timeline.coverage.forgotten.items():
        left = "what became of messages" if of == "messages" else "what happened"
        lines = several(what.lines, "line")
        yield f"The history had become too large: {left} up to {moment(what.until)} was removed ({lines})."
