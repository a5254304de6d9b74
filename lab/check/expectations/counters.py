"""Check of the expectation `counters`: its subject exists and has the counters claimed."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of
from lab.check.context import Context
from lab.check.counted import check_destination
from lab.check.service import connectors_at, connectors_of
from lab.check.snapshots import check_order
from lab.declare.expectations.counters import COUNTERS, Counters
from lab.errors import Problem

_OF_BROKER = ("enqueued", "dequeued")
_OF_BRIDGE = ("enqueued", "dequeued", "received")
_OF_DESTINATION = tuple(name for name in COUNTERS if name != "received")


def check(context: Context, claim: Counters) -> Iterator[Problem]:
    """Yield a Problem for an unused destination, a counter the subject lacks, or a bridge without an end there."""
    yield from check_destination(context, destination_of(claim))
    yield from check_order(context, claim.between)
    valid: tuple[str, ...]
    if claim.bridge is not None:
        what, valid = "a bridge's end", _OF_BRIDGE
    elif destination_of(claim) is not None:
        what, valid = "a destination", _OF_DESTINATION
    else:
        what, valid = "a broker in all", _OF_BROKER
    for counter in claim.amounts:
        if counter not in valid:
            place = context.scenario.origin.key(*context.path, counter)
            yield Problem(what=f"{what} has no counter {counter}", remedy=f"it has {', '.join(valid)}", place=place)
    if claim.bridge is not None and not context.unknown & {"broker", "bridge"}:
        yield from _end(context, claim, claim.bridge)


def _end(context: Context, claim: Counters, bridge: str) -> Iterator[Problem]:
    owners = connectors_of(context.scenario)[bridge]
    duplex = any(
        connector.name == bridge and connector.duplex
        for owner in owners
        for connector in connectors_at(context.scenario, owner)
    )
    if claim.broker not in owners and not duplex:
        what = f"{claim.broker} shows no end of {bridge}, which is not duplex"
        yield context.wrong("bridge", what, f"write broker: {owners[0]}")
