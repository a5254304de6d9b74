"""Checks of the expectations of connections and packets: they are tried, and pass the router."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard
from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.network_so_far import check_ends
from lab.check.subscriptions import logins
from lab.declare.expectations.network import END, Dropped, Reachable, Unreachable
from lab.declare.steps.base import Login
from lab.declare.steps.network import Try
from lab.declare.unrolling import in_every_round
from lab.errors import Problem


@checks.register(Reachable)
def check_reachable(context: Context, expectation: Reachable) -> Iterator[Problem]:
    """Yield a Problem if the connection cannot be tried, or if the step named does not try it."""
    yield from check_ends(context, expectation)
    tries = {step.name: step for step in in_every_round(context.scenario.steps) if isinstance(step, Try)}
    tried = tries.get(expectation.at)
    if expectation.at == END:
        return
    if tried is None:
        yield context.missing("at", "try", expectation.at, tries, "names of try steps")
    elif (tried.source, tried.to, tried.port) != (expectation.source, expectation.to, expectation.port):
        what = f"the step {expectation.at} tries a connection from {tried.source} to {tried.to}, port {tried.port}"
        yield context.wrong("at", what, "write the same from, to and port as in the try step")


@checks.register(Unreachable)
def check_unreachable(context: Context, expectation: Unreachable) -> Iterator[Problem]:
    """Yield a Problem if no step makes an attempt that the expectation covers."""
    if context.unknown:
        return
    tried, wanted = logins(context.scenario), destination_of(expectation)
    if wanted is not None and has_wildcard(wanted) and wanted not in {each.destination for each in tried}:
        field = "topic" if expectation.topic is not None else "queue"
        yield context.wrong(
            field, f"no client subscribes to {wanted}", "write the destination as in the subscribe step"
        )
    elif not any(_is_about(expectation, wanted, each) for each in tried):
        right = "add a connect, subscribe or publish step with the same client, broker, over and destination"
        yield context.whole("no step tries this, so nothing is expected", right)


def _is_about(expectation: Unreachable, wanted: str | None, login: Login) -> bool:
    return (
        expectation.client in (None, login.client)
        and wanted in (None, login.destination)
        and expectation.broker in (None, login.broker)
        and expectation.over in (None, login.over)
    )


@checks.register(Dropped)
def check_dropped(context: Context, expectation: Dropped) -> Iterator[Problem]:
    """Yield a Problem if packets between the endpoints do not pass the router."""
    yield from check_ends(context, expectation)
