"""The outcome of a replay into an open lab: a value, in a module without the code that replays."""

from __future__ import annotations

from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A replay that went as asked."""

    step: int  # its number in the lab's history
    messages: int  # that the broker accepted
    note: str  # refused messages, configured and reached rates, lateness, gaps of the recording
