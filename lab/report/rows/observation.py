"""Rows of observations that every history has: steps, troubles, the end."""

from __future__ import annotations

from lab.history import Ended, StepEnded, StepStarted, Trouble, Uncalibrated
from lab.report.rows.row import Description, Weight, Words


def _step(seen: StepStarted) -> Description:
    named = f"{seen.name}: " if seen.name else ""
    return f"step {seen.step}", named + seen.asked + (f" (by {seen.by})" if seen.by else ""), Weight.STEP


def _step_ended(seen: StepEnded) -> Description:
    if seen.fails:
        done = "done, and was to fail" if seen.ok else "failed, as it was to"
    else:
        done = "done" if seen.ok else "not done as asked"
    what = f"{done}: {seen.note}" if seen.note else done
    return f"step {seen.step}", what, Weight.PLAIN if seen.as_written else Weight.FAULT


def _trouble(seen: Trouble) -> Description:
    return seen.who, seen.what, Weight.FAULT


def _uncalibrated(seen: Uncalibrated) -> Description:
    what = f"outside the calibrated range since {seen.since:.3f} s: {seen.why}"
    return seen.broker or "simulation", what, Weight.FAULT


def _ended(seen: Ended) -> Description:
    if seen.complete:
        return "run", seen.note or "the replay came to its end", Weight.STEP
    note = f": {seen.note}" if seen.note else ""
    return "run", f"the replay was ended early{note}", Weight.FAULT


WORDS: Words = {
    StepStarted: _step,
    StepEnded: _step_ended,
    Trouble: _trouble,
    Uncalibrated: _uncalibrated,
    Ended: _ended,
}
