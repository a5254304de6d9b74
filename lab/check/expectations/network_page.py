"""Check of the expectation `network-page`: it is not at the wrong end of a bridge."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.bridge_ends import bridge_ends
from lab.check.context import Context
from lab.declare.expectations.network_page import NetworkPage
from lab.errors import Problem
from lab.plan.brokers import unread


def check(context: Context, claim: NetworkPage) -> Iterator[Problem]:
    """Yield a Problem if the row is for the broker itself, or if that is at the other end."""
    if claim.broker == claim.remote:
        yield context.wrong("remote", f"{claim.broker} has no bridge to itself", "name another one")
    elif not context.unknown and not unread(context.topology):
        yield from _row(context, claim)


def _row(context: Context, claim: NetworkPage) -> Iterator[Problem]:
    between = [end for end in bridge_ends(context.scenario) if {end.broker, end.remote} == {claim.broker, claim.remote}]
    here = {end.created_by_duplex for end in between if end.broker == claim.broker}
    if not between:  # a scenario may show that without a step there is no bridge
        return
    if not here:
        names = ", ".join(dict.fromkeys(end.connector for end in between))
        what = f"{claim.broker} has no row for {claim.remote}: {names} is not duplex, so {claim.remote} alone has one"
        yield context.wrong("broker", what, f"write broker: {claim.remote}, remote: {claim.broker}")
    elif claim.created_by_duplex is not None and claim.created_by_duplex not in here:
        names = ", ".join(dict.fromkeys(end.connector for end in between if end.broker == claim.broker))
        owner, right = (claim.broker, "no") if claim.created_by_duplex else (claim.remote, "yes")
        what = f"{claim.broker}'s row is of {names}, a connector of {owner}"
        yield context.wrong("created-by-duplex", what, f"write created-by-duplex: {right}, or name the other page")
    elif claim.remote_port is not None and (claim.remote_port == "ephemeral") not in (
        here if claim.created_by_duplex is None else {claim.created_by_duplex}
    ):
        connects, right = ("to", "61617") if claim.remote_port == "ephemeral" else ("from", "ephemeral")
        what = f"that row of {claim.broker}'s shows the port that the bridge connects {connects}"
        yield context.wrong("remote-port", what, f"write remote-port: {right}, or name the other page")
