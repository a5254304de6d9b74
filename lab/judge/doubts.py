"""Reasons why an expectation cannot be judged from the history of a standing lab, and the moment it is judged at."""

from __future__ import annotations

from collections.abc import Iterator

from lab.declare.expectations.base import Expectation
from lab.judge.evidence.coverage import unasked
from lab.judge.evidence.timeline import Timeline
from lab.judge.wording import moment, silent, unwatched
from lab.units import several


def doubt(expectation: Expectation, timeline: Timeline) -> str:
    """Return why an expectation cannot be judged: the history lacks its evidence, or it was not watched; else ""."""
    for of, what in timeline.coverage.forgotten.items():
        if (of != "messages" or expectation.rests_on_messages) and timeline.stretch.begin <= what.until:
            words = "messages" if of == "messages" else "anything"
            return f"the history does not hold {words} up to {moment(what.until)} any more: ask from a later mark on"
    gap = timeline.coverage.gap(timeline.end, timeline.end) if expectation.rests_on_watching else None
    return "" if gap is None else unwatched(gap)


def as_of(timeline: Timeline) -> str:
    """Return the prefix of a reason that is judged while the lab is still open; else ""."""
    now = timeline.standing and timeline.ended is None and timeline.stretch.end > timeline.end
    return f"as of now ({moment(timeline.end)}): " if now else ""


def limits_of(timeline: Timeline) -> Iterator[str]:
    """Yield notes on the limits of the evidence: the judged interval, unwatched times and removed lines."""
    if as_of(timeline):
        yield f"The lab was not ended: everything is as of {moment(timeline.end)}, the last that its history tells."
    if timeline.stretch.text:
        yield f"Judged {timeline.stretch.text}: messages, verbs and log lines of that time."
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
