"""What may be wrong with the expectation `forwarded`: nobody sends to its destination."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of
from lab.check.context import Context
from lab.check.counted import check_destination
from lab.check.snapshots import check_order
from lab.declare.expectations.forwarded import Forwarded
from lab.errors import Problem


def check(context: Context, claim: Forwarded) -> Iterator[Problem]:
    """Somebody must send to what is counted, and the second snapshot come after the first."""
    yield from check_destination(context, destination_of(claim))
    yield from check_order(context, claim.between)
