"""Check of the expectation `demand`: a client subscribes to its destination."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of
from lab.check.context import Context
from lab.check.counter_destinations import check_destination
from lab.check.expectations import checks
from lab.declare.expectations.demand import Demanded
from lab.errors import Problem


@checks.register(Demanded)
def check_demand(context: Context, expectation: Demanded) -> Iterator[Problem]:
    """Yield a Problem if no client subscribes to the destination."""
    yield from check_destination(context, destination_of(expectation), heard=True)
