"""Whether a simulated verdict is one of chance: another seed, or real brokers at another time, may come to another one.

Two things are: whose demand a broker learns of first, where the copies of a message depend on it; and where a cut ends
between the steps of a ladder of time-outs, each of which is twice as long as the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lab.activemq.destinations import hears
from lab.declare.expectations.base import Expectation
from lab.declare.expectations.messages import Delivered
from lab.judge.evidence.evidence import Evidence

_STRETCH = 0.2  # by how much a ladder may be longer or shorter: an eighth by the timers' wheel, and late answers
_BESIDE = 0.5  # seconds between a link's change and the end of the step that asked for it


def by_chance(expectation: Expectation, pairs: Sequence[tuple[float, float]], evidence: Evidence) -> bool:
    """Return whether the verdict is one of chance; `pairs` are times that decide it, with their bounds, in seconds."""
    if not expectation.depends_on_sending:
        return False
    return _depends_on_order(expectation, evidence) or any(
        otherwise(cut, took, bound) for cut, took, bound in _ladders(expectation, pairs, evidence)
    )


def otherwise(cut: float, took: float, bound: float) -> bool:
    """Return whether a message may come at another step of the ladder, on the other side of its bound.

    It took so many seconds, and the link was cut until `cut` seconds after it was sent.
    """
    if took <= bound:  # it came with the first step after the cut: had that been sooner, it had come with the next one
        return took * (1 - _STRETCH) <= cut <= took and bound < 2 * took
    return took / 2 <= cut <= took / 2 * (1 + _STRETCH) and cut <= bound


def _depends_on_order(expectation: Expectation, evidence: Evidence) -> bool:
    """Return whether the copies of its messages depend on whose demand a broker learns of first."""
    its = getattr(expectation, "topic", None), getattr(expectation, "queue", None)
    own = f"topic://{its[0]}" if its[0] else f"queue://{its[1]}" if its[1] else None
    return any(
        row.by_chance and (own is None or hears(own, row.destination) or own == row.heard)
        for row in evidence.routes.rows
    )


def _ladders(
    expectation: Expectation, pairs: Sequence[tuple[float, float]], evidence: Evidence
) -> Iterator[tuple[float, float, float]]:
    """Yield the times that a ladder decides, from when it began: until a cut was over, until it came, and the bound."""
    cuts = [(each.start, each.end) for each in evidence.timeline.closures if each.state == "cut" and each.end]
    if not cuts:
        return
    if (term := expectation.term) is not None:  # the first message after a step
        step = evidence.timeline.last_step(term.after)
        for start, end in cuts:
            if step is not None and abs(step.done - end) <= _BESIDE:
                yield from ((end - start, end - start + took, end - start + bound) for took, bound in pairs)
        return
    if not isinstance(expectation, Delivered):
        return
    for chosen in evidence.meant(expectation.arrivals):
        for tally in chosen.tallies:
            number, took = max(tally.waits(), key=lambda each: each[1], default=(0, 0.0))
            sent = tally.due(number)
            for start, end in cuts:
                if start - _BESIDE <= sent < end < sent + took:
                    yield end - sent, took, expectation.within.total_seconds()
