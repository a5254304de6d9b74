"""What may be wrong with the expectation `network-page`: it is about one broker only."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.declare.expectations.network_page import NetworkPage
from lab.errors import Problem


def check(context: Context, claim: NetworkPage) -> Iterator[Problem]:
    """The row must be for another broker."""
    if claim.broker == claim.remote:
        yield context.wrong("remote", f"{claim.broker} has no bridge to itself", "name another one")
