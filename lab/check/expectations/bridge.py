"""Check of the expectation `bridge`: it selects one bridge, which can have the ends that must be up."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.service import check_owner, connectors_at, connectors_of
from lab.declare.expectations.bridge import Bridge
from lab.errors import Problem


@checks.register(Bridge)
def check_bridge(context: Context, expectation: Bridge) -> Iterator[Problem]:
    """Yield a Problem if several brokers have the connector, or if a one-way connector is to have two ends."""
    if context.unknown & {"broker", "connector"}:
        return
    wrong = tuple(check_owner(context, expectation.connector, expectation.broker))
    yield from wrong
    if wrong:
        return
    initiator = expectation.broker or connectors_of(context.scenario)[expectation.connector][0]
    its = connectors_at(context.scenario, initiator)
    if any(each.name == expectation.connector and each.duplex for each in its):
        return
    if expectation.up == "both-ends":
        what = f"{expectation.connector} is not duplex, so only {initiator} has an end of its bridge"
        yield context.wrong("up", what, 'write up: initiator, or duplex="true" in the configuration')
    if expectation.agree:
        what = f"{expectation.connector} is not duplex, so the end at {initiator} has no other end to agree with"
        yield context.wrong(
            "agree", what, "write the expectation counters: {broker: …, bridge: …, dequeued: …} instead"
        )
