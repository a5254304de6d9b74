"""Rows of observations that only the history of a running lab has."""

from __future__ import annotations

from lab.history import Forgotten, Marked, Unwatched, Watched
from lab.report.rows.row import Description, Weight, Words


def _mark(mark: Marked) -> Description:
    return "mark", mark.text, Weight.STEP


def _watched(watched: Watched) -> Description:
    return "monitor", "watches", Weight.PLAIN


def _unwatched(unwatched: Unwatched) -> Description:
    return "monitor", f"the lab was not watched from {unwatched.since:.3f} s until now", Weight.FAULT


def _forgotten(forgotten: Forgotten) -> Description:
    what = "lines of messages" if forgotten.of == "messages" else "other lines"
    left = f"{what} up to {forgotten.until:.3f} s were removed, {forgotten.lines} so far: the history was too large"
    return "history", left, Weight.FAULT


WORDS: Words = {
    Marked: _mark,
    Watched: _watched,
    Unwatched: _unwatched,
    Forgotten: _forgotten,
}
