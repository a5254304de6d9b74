"""Checks of the step `disconnect`: the client is connected."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.steps import checks
from lab.check.subscriptions import Subscriptions, check_leaving
from lab.declare.steps.disconnect import Disconnect
from lab.errors import Problem


@checks.register(Disconnect)
def check_disconnect(context: Context, step: Disconnect) -> Iterator[Problem]:
    """Yield a Problem if the client is not connected; note the subscriptions that are kept for it."""
    subscriptions = context.recall(Subscriptions)
    yield from check_leaving(context, step.client, twice=False)
    kept = [each for each in subscriptions.now.pop(step.client, ()) if each.kept]
    subscriptions.away.setdefault(step.client, []).extend(kept)
