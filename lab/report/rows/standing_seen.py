"""What only the history of a lab that stands tells, in words."""

from __future__ import annotations

from lab.history import Forgotten, Marked, Unwatched, Watched
from lab.report.rows.row import Said, Weight, Words


def _mark(seen: Marked) -> Said:
    return "mark", seen.text, Weight.STEP


def _watched(seen: Watched) -> Said:
    return "keeper", "watches", Weight.PLAIN


def _unwatched(seen: Unwatched) -> Said:
    return "keeper", f"nobody watched from {seen.since:.3f} s until now", Weight.FAULT


def _forgotten(seen: Forgotten) -> Said:
    what = "lines of messages" if seen.of == "messages" else "other lines"
    left = f"{what} up to {seen.until:.3f} s were left out, {seen.lines} so far: it was too large"
    return "history", left, Weight.FAULT


WORDS: Words = {
    Marked: _mark,
    Watched: _watched,
    Unwatched: _unwatched,
    Forgotten: _forgotten,
}
