"""What may be wrong with the expectation `dropped`: nothing passes the router between its ends."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.network import check_ends
from lab.declare.expectations.dropped import Dropped
from lab.errors import Problem


def check(context: Context, claim: Dropped) -> Iterator[Problem]:
    """Packets between its ends must pass the router."""
    yield from check_ends(context, claim)
