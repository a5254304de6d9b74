"""Check of the expectation `unreachable`: a step makes such an attempt."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard
from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.logins import logins
from lab.declare.expectations.unreachable import Unreachable
from lab.declare.steps.base import Login
from lab.errors import Problem


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
