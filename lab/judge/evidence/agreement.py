"""The two ends of a bridge, whose counters should agree: one end receives what the other dequeues.

Enqueue is not compared, since it counts consumer advisories too. Only ends of one session are compared, as a bridge's
counters restart at each reconnect.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.declare.steps.flow import END
from lab.history import BridgeSeen
from lab.judge.evidence.timeline import End, Timeline
from lab.judge.wording import gap, silent

MOST_APART = 1.0  # seconds; samples of two brokers that are further apart are not of the same moment


def both_ends(near: End, timeline: Timeline) -> tuple[BridgeSeen, BridgeSeen] | str:
    """Return the last states of a bridge's ends, the initiator's `near` first, or why they cannot be compared."""
    ends = timeline.bridges
    for broker in (near.broker, near.remote):
        if silence := timeline.coverage.silence(broker, timeline.end, timeline.end):
            return silent(silence)
    one = ends.get(near)
    if one is None or not one.up:
        return f"{near.broker}'s end is not up"
    fars = [seen for end, seen in ends.items() if seen.up and end.answers(near)]
    if len(fars) != 1:
        return f"{near.remote} shows {len(fars) or 'no'} end{'s' if len(fars) > 1 else ''} of it"
    if abs(one.t - fars[0].t) > MOST_APART:
        return f"its ends were looked at {gap(abs(one.t - fars[0].t))} apart"
    return one, fars[0]


def unanswered(one: BridgeSeen, other: BridgeSeen, timeline: Timeline) -> bool:
    """Return whether all that the receiving end has more may be messages whose answers are still on their way.

    The sending end counts a message when its answer comes, and its broker has it in flight until then.
    """
    last = (samples[-1] for (broker, _), samples in timeline.destinations.items() if broker == one.broker)
    of_all = timeline.snapshots.sum(END, one.broker, "destination", "in-flight")
    most = max(sum(each.in_flight or 0 for each in last), of_all if isinstance(of_all, int) else 0)
    return 0 < other.received - one.dequeued <= most


def ways(ends: Sequence[BridgeSeen]) -> tuple[tuple[BridgeSeen, BridgeSeen], ...]:
    """Return both directions of a bridge, each as (sending end, receiving end)."""
    one, other = ends
    return (one, other), (other, one)
