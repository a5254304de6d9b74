"""What may be wrong with the expectation `stuck`: nobody sends to its destination."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.counted import check_destination
from lab.declare.expectations.stuck import Stuck
from lab.errors import Problem


def check(context: Context, claim: Stuck) -> Iterator[Problem]:
    """Somebody must send to what is counted."""
    yield from check_destination(context, f"queue://{claim.queue}")
