"""Check of the expectation `dropped`: the router is between its endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.network_so_far import check_ends
from lab.declare.expectations.dropped import Dropped
from lab.errors import Problem


@checks.register(Dropped)
def check_dropped(context: Context, expectation: Dropped) -> Iterator[Problem]:
    """Yield a Problem if packets between the endpoints do not pass the router."""
    yield from check_ends(context, expectation)
