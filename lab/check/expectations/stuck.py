"""Check of the expectation `stuck`: a step publishes to its queue."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.counter_destinations import check_destination
from lab.declare.expectations.stuck import Stuck
from lab.errors import Problem


def check(context: Context, claim: Stuck) -> Iterator[Problem]:
    """Yield a Problem if no step publishes to the queue."""
    yield from check_destination(context, f"queue://{claim.queue}")
