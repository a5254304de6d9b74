"""Why a claim cannot be judged by what a standing lab's history holds still, and as of when it is judged."""

from __future__ import annotations

from collections.abc import Iterator

from lab.declare.expectations.base import Expectation
from lab.judge.evidence.timeline import Timeline
from lab.judge.wording import moment, unwatched


def doubt(claim: Expectation, timeline: Timeline) -> str:
    """Return why nothing can be said: what the claim rests on was left out, or not watched; empty where it is there."""
    for of, what in timeline.coverage.forgotten.items():
        if (of != "messages" or claim.rests_on_messages) and timeline.stretch.begin <= what.until:
            words = "messages" if of == "messages" else "anything"
            return f"the history does not hold {words} up to {moment(what.until)} any more: ask from a later mark on"
    gap = timeline.coverage.gap(timeline.end, timeline.end) if claim.rests_on_watching else None
    return "" if gap is None else unwatched(gap)


def as_of(timeline: Timeline) -> str:
    """Return what stands before a reason while the lab stands and nobody said where its history is to end."""
    now = timeline.standing and timeline.ended is None and timeline.stretch.end > timeline.end
    return f"as of now ({moment(timeline.end)}): " if now else ""


def limits_of(timeline: Timeline) -> Iterator[str]:
    """Say what of a lab that stands was judged, what nobody saw of it, and what is not on record any more."""
    if as_of(timeline):
        yield f"The lab was not ended: everything is as of {moment(timeline.end)}, the last that its history tells."
    if timeline.stretch.words:
        yield f"Judged {timeline.stretch.words}: what was sent, done and logged then."
    for gap in timeline.coverage.gaps:
        yield f"Bridges, demand and logs may have changed unseen: {unwatched(gap)}."
    for of, what in timeline.coverage.forgotten.items():
        left = "what became of messages" if of == "messages" else "what happened"
        yield f"The history had become too large: {left} up to {moment(what.until)} was left out ({what.lines} lines)."
