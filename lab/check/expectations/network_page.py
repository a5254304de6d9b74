"""Check of the expectation `network-page`: it is not at the wrong end of a bridge."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.bridge_ends import bridge_ends
from lab.check.context import Context
from lab.check.expectations import checks
from lab.declare.expectations.network_page import NetworkPage
from lab.errors import Problem
from lab.plan.brokers import unread


@checks.register(NetworkPage)
def check_network_page(context: Context, expectation: NetworkPage) -> Iterator[Problem]:
    """Yield a Problem if the row is for the broker itself, or if that is at the other end."""
    if expectation.broker == expectation.remote:
        yield context.wrong("remote", f"{expectation.broker} has no bridge to itself", "name another broker")
    elif not context.unknown and not unread(context.topology):
        yield from _row(context, expectation)


def _row(context: Context, expectation: NetworkPage) -> Iterator[Problem]:
    between = [
        end
        for end in bridge_ends(context.scenario)
        if {end.broker, end.remote} == {expectation.broker, expectation.remote}
    ]
    here = {end.created_by_duplex for end in between if end.broker == expectation.broker}
    if not between:  # a scenario may show that without a step there is no bridge
        return
    if not here:
        names = ", ".join(dict.fromkeys(end.connector for end in between))
        other = expectation.remote
        what = f"{expectation.broker} has no row for {other}: {names} is not duplex, so only {other} has a row"
        yield context.wrong("broker", what, f"write broker: {expectation.remote}, remote: {expectation.broker}")
    elif expectation.created_by_duplex is not None and expectation.created_by_duplex not in here:
        names = ", ".join(dict.fromkeys(end.connector for end in between if end.broker == expectation.broker))
        owner, right = (expectation.broker, "no") if expectation.created_by_duplex else (expectation.remote, "yes")
        what = f"{expectation.broker}'s row belongs to {names}, a connector of {owner}"
        yield context.wrong(
            "created-by-duplex", what, f"write created-by-duplex: {right}, or choose the page of the other broker"
        )
    elif expectation.remote_port is not None and (expectation.remote_port == "ephemeral") not in (
        here if expectation.created_by_duplex is None else {expectation.created_by_duplex}
    ):
        connects, right = ("to", "61617") if expectation.remote_port == "ephemeral" else ("from", "ephemeral")
        what = f"that row of {expectation.broker}'s shows the port that the bridge connects {connects}"
        yield context.wrong("remote-port", what, f"write remote-port: {right}, or choose the page of the other broker")
