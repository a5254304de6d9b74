"""How a step ended."""

from __future__ import annotations

from dataclasses import dataclass

from lab.errors import LabError
from lab.replay.rehearsal import Rehearsal


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Whether all went as asked, and what was remarkable."""

    ok: bool = True
    note: str = ""


def refused(rehearsal: Rehearsal, who: str, error: LabError) -> Outcome:
    """Record that a broker would not have it."""
    rehearsal.trouble(who, error.what)
    return Outcome(ok=False, note=error.what)
