"""How a step ended."""

from __future__ import annotations

from dataclasses import dataclass

from lab.errors import InputError, LabError
from lab.operating import Done
from lab.replay.rehearsal import Rehearsal


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Whether all went as asked, and what was remarkable."""

    ok: bool = True
    note: str = ""


def of_done(done: Done) -> Outcome:
    """Return how a step ended whose verb was done, though perhaps not as asked."""
    return Outcome(ok=not done.failed, note="; ".join(each for each in (done.failed, done.note) if each))


def refused(rehearsal: Rehearsal, who: str, error: LabError) -> Outcome:
    """Record that a broker would not have it."""
    rehearsal.trouble(who, error.what)
    return Outcome(ok=False, note=error.what)


def not_served(rehearsal: Rehearsal, error: InputError) -> Outcome:
    """Record that the service would not do it."""
    return refused(rehearsal, "Amazon MQ", LabError("; ".join(problem.what for problem in error.problems)))
