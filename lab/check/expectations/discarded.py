"""Check of the expectation `discarded`: a step publishes to its destination."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.counter_destinations import check_destination
from lab.check.expectations import checks
from lab.check.snapshots import check_order
from lab.declare.expectations.discarded import Discarded
from lab.errors import Problem


@checks.register(Discarded)
def check_discarded(context: Context, expectation: Discarded) -> Iterator[Problem]:
    """Yield a Problem if no step publishes to the destination, or if the snapshots are in the wrong order."""
    yield from check_destination(context, f"topic://{expectation.topic}")
    yield from check_order(context, expectation.between)
