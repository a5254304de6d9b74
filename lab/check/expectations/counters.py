"""Check of the expectation `counters`: its subject exists and has the counters expected."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of
from lab.check.bridge_ends import bridge_ends
from lab.check.context import Context
from lab.check.counter_destinations import check_destination
from lab.check.expectations import checks
from lab.check.snapshots import check_order
from lab.declare.expectations.counters import COUNTERS, LEVELS, Counters
from lab.errors import Problem
from lab.plan.brokers import unread

_OF_BRIDGE = ("enqueued", "dequeued", "received")
_COUNTED = tuple(name for name in COUNTERS if name != "received")
_OF_TOPIC = (*_COUNTED, "consumers", "network-consumers", "in-flight", "memory")
_OF_QUEUE = (*_OF_TOPIC, "waiting")
_OF_BROKER = (*_COUNTED, *LEVELS)


@checks.register(Counters)
def check_counters(context: Context, expectation: Counters) -> Iterator[Problem]:
    """Yield a Problem for an unused destination, a counter the subject lacks, or a bridge without an end there."""
    yield from check_destination(context, destination_of(expectation), or_heard=not expectation.amounts)
    yield from check_order(context, expectation.between)
    valid: tuple[str, ...]
    if expectation.bridge is not None:
        what, valid = "a bridge's end", _OF_BRIDGE
    elif destination_of(expectation) is not None:
        what, valid = ("a queue", _OF_QUEUE) if expectation.queue is not None else ("a topic", _OF_TOPIC)
    else:
        what, valid = "a broker in all", _OF_BROKER
    for counter in (*expectation.amounts, *expectation.levels):
        if counter not in valid:
            place = context.scenario.origin.key(*context.path, counter)
            yield Problem(
                what=f"{what} has no counter {counter}", remedy=f"write one of {', '.join(valid)}", place=place
            )
    if expectation.bridge is not None and not context.unknown & {"broker", "bridge"}:
        yield from _end(context, expectation, expectation.bridge)


def _end(context: Context, expectation: Counters, bridge: str) -> Iterator[Problem]:
    ends = [end for end in bridge_ends(context.scenario) if end.connector == bridge]
    brokers = list(dict.fromkeys(end.broker for end in ends))
    if ends and expectation.broker not in brokers and not unread(context.topology):
        why = f"which joins {' and '.join(brokers)}" if any(end.duplex for end in ends) else "which is not duplex"
        right = f"write broker: {brokers[0]}"
        yield context.wrong("bridge", f"{expectation.broker} shows no end of {bridge}, {why}", right)
