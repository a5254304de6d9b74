"""Moments, gaps and counts in words."""

from __future__ import annotations

from math import inf

from lab.base.units import gap as gap
from lab.history import Unwatched
from lab.judge.evidence.coverage import Silence


def moment(t: float) -> str:
    """Return a moment of the replay in words; `t` is in seconds."""
    return f"{t:.3f} s"


def unwatched(gap: Unwatched) -> str:
    """Return, as a clause, when a lab was not watched."""
    until = " on" if gap.t == inf else f" to {moment(gap.t)}"
    return f"the lab was not watched from {moment(gap.since)}{until}"


def silent(silence: Silence) -> str:
    """Return, as a clause, when a broker's management did not answer, or its log could not be read, or was not."""
    if silence.kind == "look":
        return f"{silence.broker} was not polled between {moment(silence.begin)} and {moment(silence.end)}"
    until = " on" if silence.end == inf else f" to {moment(silence.end)}"
    what = "management did not answer" if silence.kind == "management" else "log could not be read"
    return f"{silence.broker}'s {what} from {moment(silence.begin)}{until}"


def milliseconds(latency: float) -> str:
    """Return a latency in words; `latency` is in milliseconds."""
    return f"{latency:.1f} ms" if latency < 1000 else f"{latency / 1000:.2f} s"


def listed(names: list[str]) -> str:
    """Return names as a list in words: a, b and c; the word "nobody" for an empty list."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nobody"
