"""Rows of observations that only the history of a running lab has."""

from __future__ import annotations

from lab.history import Forgotten, Marked, Unwatched, Watched
from lab.report.rows.row import Description, Weight, Words


def _mark(seen: Marked) -> Description:
    return "mark", seen.text, Weight.STEP


def _watched(seen: Watched) -> Description:
    return "monitor", "watches", Weight.PLAIN


def _unwatched(seen: Unwatched) -> Description:
    return "monitor", f"the lab was not watched from {seen.since:.3f} s until now", Weight.FAULT


def _forgotten(seen: Forgotten) -> Description:
    what = "lines of messages" if seen.of == "messages" else "other lines"
    left = f"{what} up to {seen.until:.3f} s were removed, {seen.lines} so far: the history was too large"
    return "history", left, Weight.FAULT


WORDS: Words = {
    Marked: _mark,
    Watched: _watched,
    Unwatched: _unwatched,
    Forgotten: _forgotten,
}
