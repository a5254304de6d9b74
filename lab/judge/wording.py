"""Moments, gaps and counts in words."""

from __future__ import annotations

from math import inf

from lab.history import Unwatched


def moment(t: float) -> str:
    """Write a moment of the replay."""
    return f"{t:.3f} s"


def unwatched(seen: Unwatched) -> str:
    """Say when nobody watched a lab."""
    until = " on" if seen.t == inf else f" to {moment(seen.t)}"
    return f"nobody watched the lab from {moment(seen.since)}{until}"


def gap(seconds: float) -> str:
    """Write how long something took, as exactly as a person cares."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds:.0f} s"


def milliseconds(value: float) -> str:
    """Write a latency given in milliseconds."""
    return f"{value:.1f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def listed(names: list[str]) -> str:
    """Write names after one another: a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nobody"
