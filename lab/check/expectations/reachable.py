"""What may be wrong with the expectation `reachable`: it is tried otherwise, or cannot be tried."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.network import NetworkSoFar, check_ends
from lab.declare.expectations.reachable import END, Reachable
from lab.errors import Problem


def check(context: Context, claim: Reachable) -> Iterator[Problem]:
    """Its ends can be tried, and a step that is named tries the same."""
    yield from check_ends(context, claim)
    tries = context.recall(NetworkSoFar).tries
    tried = tries.get(claim.at)
    if claim.at == END:
        return
    if tried is None:
        yield context.missing("at", "try", claim.at, tries, "names of try steps")
    elif (tried.source, tried.to, tried.port) != (claim.source, claim.to, claim.port):
        what = f"{claim.at} tries {tried.source} to {tried.to}, port {tried.port}"
        yield context.wrong("at", what, "claim what it tries")
