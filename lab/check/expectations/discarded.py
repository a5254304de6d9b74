"""What may be wrong with the expectation `discarded`: nobody sends to its destination."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.counted import check_destination
from lab.check.snapshots import check_order
from lab.declare.expectations.discarded import Discarded
from lab.errors import Problem


def check(context: Context, claim: Discarded) -> Iterator[Problem]:
    """Somebody must send to what is counted, and the second snapshot come after the first."""
    yield from check_destination(context, f"topic://{claim.topic}")
    yield from check_order(context, claim.between)
