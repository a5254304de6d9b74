"""Check of the expectation `stuck`: steps publish to its queue, and as much as is to be left there."""

from __future__ import annotations

from collections.abc import Iterator

from lab.base.units import several
from lab.check.bridge_ends import bridge_ends
from lab.check.context import Context
from lab.check.counter_destinations import check_destination
from lab.check.expectations import checks
from lab.check.sendings import most_sent
from lab.declare.expectations.stuck import Stuck
from lab.errors import Problem


@checks.register(Stuck)
def check_stuck(context: Context, expectation: Stuck) -> Iterator[Problem]:
    """Yield a Problem if no step publishes to the queue, or fewer messages than are to be left in it."""
    queue = f"queue://{expectation.queue}"
    found = list(check_destination(context, queue))
    yield from found
    if found or context.unknown:
        return
    if any(end.remote == expectation.broker for end in bridge_ends(context.scenario)):
        return  # what comes over a bridge that was cut may come twice
    sent, least = most_sent(context, queue, expectation.broker), expectation.count.at_least or 0
    if sent is not None and least > sent:
        what = f"{least} cannot be left: at most {several(sent, 'message')} can reach {queue} at {expectation.broker}"
        yield context.wrong("count", what, f"write {sent} or less, or publish more messages")
