"""Whether the two ends of a bridge count the same: what one gave to its peer, the other took.

Enqueue is not looked at, since it counts consumer advisories too; and only the two ends of one session compare, as a
bridge's counters begin anew at each reconnect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lab.history import BridgeSeen
from lab.judge.evidence.timeline import End
from lab.judge.wording import gap

TOGETHER = 1.0  # seconds; samples of two brokers taken further apart do not speak of the same moment


def facing(near: End, ends: Mapping[End, BridgeSeen]) -> tuple[BridgeSeen, BridgeSeen] | str:
    """Return both ends of an initiator's bridge as last seen, or why they cannot be compared."""
    one = ends.get(near)
    if one is None or not one.up:
        return f"{near.broker}'s end is not up"
    fars = [seen for end, seen in ends.items() if seen.up and end.answers(near)]
    if len(fars) != 1:
        return f"{near.remote} shows {len(fars) or 'no'} end{'s' if len(fars) > 1 else ''} of it"
    if abs(one.t - fars[0].t) > TOGETHER:
        return f"its ends were looked at {gap(abs(one.t - fars[0].t))} apart"
    return one, fars[0]


def ways(ends: Sequence[BridgeSeen]) -> tuple[tuple[BridgeSeen, BridgeSeen], ...]:
    """Return each end with the one that takes what it gives."""
    one, other = ends
    return (one, other), (other, one)
