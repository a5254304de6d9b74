"""Check of the expectation `forwarded`: a step publishes to its destination."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of
from lab.check.context import Context
from lab.check.counter_destinations import check_destination
from lab.check.expectations import checks
from lab.check.snapshots import check_order
from lab.declare.expectations.forwarded import Forwarded
from lab.errors import Problem


@checks.register(Forwarded)
def check_forwarded(context: Context, expectation: Forwarded) -> Iterator[Problem]:
    """Yield a Problem if no step publishes to the destination, or if the snapshots are in the wrong order."""
    yield from check_destination(context, destination_of(expectation))
    yield from check_order(context, expectation.between)
