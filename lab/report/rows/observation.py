"""Rows of observations that every history has: steps, troubles, the end."""

from __future__ import annotations

from lab.history import Ended, StepEnded, StepStarted, Trouble, Uncalibrated
from lab.report.rows.row import Description, Weight, Words


def _step(step: StepStarted) -> Description:
    named = f"{step.name}: " if step.name else ""
    return f"step {step.step}", named + step.asked + (f" (by {step.by})" if step.by else ""), Weight.STEP


def _step_ended(end: StepEnded) -> Description:
    if end.fails:
        done = "done, and was to fail" if end.ok else "failed, as it was to"
    else:
        done = "done" if end.ok else "not done as asked"
    what = f"{done}: {end.note}" if end.note else done
    return f"step {end.step}", what, Weight.PLAIN if end.as_written else Weight.FAULT


def _trouble(trouble: Trouble) -> Description:
    return trouble.who, trouble.what, Weight.FAULT


def _uncalibrated(seen: Uncalibrated) -> Description:
    what = f"outside the calibrated range since {seen.since:.3f} s: {seen.why}"
    return seen.broker or "simulation", what, Weight.FAULT


def _ended(end: Ended) -> Description:
    if end.complete:
        return "run", end.note or "the replay came to its end", Weight.STEP
    note = f": {end.note}" if end.note else ""
    return "run", f"the replay was ended early{note}", Weight.FAULT


WORDS: Words = {
    StepStarted: _step,
    StepEnded: _step_ended,
    Trouble: _trouble,
    Uncalibrated: _uncalibrated,
    Ended: _ended,
}
