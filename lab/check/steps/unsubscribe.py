"""What may be wrong with the step `unsubscribe`: the client does not listen."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.listening import Listening, leave
from lab.declare.steps.unsubscribe import Unsubscribe
from lab.errors import Problem


def check(context: Context, step: Unsubscribe) -> Iterator[Problem]:
    """Return the Problem that there is nothing to end; nothing is kept for the client any more."""
    listening = context.recall(Listening)
    yield from leave(context, step.client, twice=True)
    listening.away.pop(step.client, None)
    listening.now.pop(step.client, None)
