"""Check of the expectation `delivered`: each client with a share of a queue subscribes to it."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, hears
from lab.check.context import Context
from lab.check.logins import listeners
from lab.declare.expectations.delivered import Delivered
from lab.errors import Problem


def check(context: Context, claim: Delivered) -> Iterator[Problem]:
    """Yield a Problem for each client that has a share of a queue to which it does not subscribe."""
    if claim.shares is None or "shares" in context.unknown:
        return
    queue = str(destination_of(claim))
    there = [each.client for each in listeners(context.scenario) if hears(each.destination or "", queue)]
    for name in claim.shares:
        if name not in there:
            what = f"{name} does not subscribe to {queue}, so it has no share of it"
            yield context.wrong("shares", what, f"subscribed to it: {', '.join(dict.fromkeys(there)) or 'nobody'}")
