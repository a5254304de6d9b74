"""What came of a replay into an open lab: a value, apart from all that replays."""

from __future__ import annotations

from lab.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A replay that went as asked."""

    step: int  # its number in the lab's history
    messages: int  # that the broker accepted
    note: str  # what was not accepted, the rates asked and reached, how late messages were, what the recording lacks
