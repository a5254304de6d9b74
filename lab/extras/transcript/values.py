"""The parts of a transcript: acts, which become steps, and notes, which become comments and warnings."""

from __future__ import annotations

from lab.base.dataclass import dataclass
from lab.declare.steps.base import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A step that was done; the interval is in seconds of the history."""

    t: float
    end: float
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence at a moment of the history; a `warned` one is on the terminal too."""

    t: float
    text: str
    warned: bool = True


Part = Act | Note


def at(t: float) -> str:
    """Return a moment of a history in words."""
    return f"{t:.3f} s"
