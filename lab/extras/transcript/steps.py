"""The fields of a step, as a history has them → a Step, or the reason why they are not a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.declare.steps.base import Step
from lab.declare.validating import validate_step
from lab.extras.transcript.values import Act, Note, Part, at


def read(entry: Any) -> tuple[Step | None, str]:
    """Return the step of an entry, or None and the reason."""
    step, problems = validate_step(entry)
    return step, "; ".join(str(each) for each in problems)


def act(t: float, end: float, verb: str, fields: Mapping[str, Any], text: str) -> Part:
    """Return an act, or a note if the fields are not a step; `text` is the step in words."""
    step, why = read({verb: dict(fields)})
    if step is None:
        return Note(t=t, text=f"{at(t)}: {text}: it cannot be written as a step: {why}")
    return Act(t=t, end=end, step=step)
