"""Checks of the step `unsubscribe`: the client has subscriptions."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.steps import checks
from lab.check.subscriptions import Subscriptions, check_leaving
from lab.declare.steps.unsubscribe import Unsubscribe
from lab.errors import Problem


@checks.register(Unsubscribe)
def check_unsubscribe(context: Context, step: Unsubscribe) -> Iterator[Problem]:
    """Yield a Problem if the client does not have a subscription; note that its kept subscriptions end."""
    subscriptions = context.recall(Subscriptions)
    yield from check_leaving(context, step.client, twice=True)
    subscriptions.away.pop(step.client, None)
    subscriptions.now.pop(step.client, None)
