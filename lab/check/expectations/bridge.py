"""Check of the expectation `bridge`: one bridge is meant, and its ends can agree."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.service import check_owner, connectors_at, connectors_of
from lab.declare.expectations.bridge import Bridge
from lab.errors import Problem


def check(context: Context, claim: Bridge) -> Iterator[Problem]:
    """Yield a Problem if several brokers have the connector, or if its ends must agree and it is not duplex."""
    if context.unknown & {"broker", "connector"}:
        return
    wrong = tuple(check_owner(context, claim.connector, claim.broker))
    yield from wrong
    if claim.agree and not wrong:
        initiator = claim.broker or connectors_of(context.scenario)[claim.connector][0]
        its = connectors_at(context.scenario, initiator)
        if not any(each.name == claim.connector and each.duplex for each in its):
            what = f"{claim.connector} is not duplex, so only {initiator}'s end counts, and nothing agrees with it"
            yield context.wrong("agree", what, "claim counters: {bridge: …, dequeued: …} of that broker")
