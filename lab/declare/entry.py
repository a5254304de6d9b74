"""The keys of a step's entry other than its verb."""

from __future__ import annotations

from pydantic import Field

from lab.declare.fields import Declared, Duration, RoundName, YesNo


class EntryFields(Declared):
    """The keys of a step's entry other than its verb."""

    at: Duration | None = None
    """The time at which the step starts, counted from the start of the replay."""
    named: RoundName = Field(default="", alias="as")
    """The step's own name, for use in expectations."""
    fails: YesNo = False
    """Whether the step is supposed to fail."""
