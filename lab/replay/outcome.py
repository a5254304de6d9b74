"""The outcome of a step."""

from __future__ import annotations

from lab.base.dataclass import dataclass
from lab.errors import LabError
from lab.replay.stage import Replayed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The success or failure of a step, with a note for the history."""

    ok: bool = True
    note: str = ""


def refused(stage: Replayed, refuser: str, error: LabError) -> Outcome:
    """Record a refusal by `refuser`, such as a broker, and return the failed Outcome."""
    stage.trouble(refuser, error.what)
    return Outcome(ok=False, note=error.what)
