"""Check of the expectation `network-page`: it names two brokers."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.declare.expectations.network_page import NetworkPage
from lab.errors import Problem


def check(context: Context, claim: NetworkPage) -> Iterator[Problem]:
    """Yield a Problem if the row is for the broker itself."""
    if claim.broker == claim.remote:
        yield context.wrong("remote", f"{claim.broker} has no bridge to itself", "name another one")
