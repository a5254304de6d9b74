"""What may be wrong with the step `disconnect`: the client is not there."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.listening import Listening, leave
from lab.declare.steps.disconnect import Disconnect
from lab.errors import Problem


def check(context: Context, step: Disconnect) -> Iterator[Problem]:
    """Return the Problem that nobody can go; what is durable is kept for the client."""
    listening = context.recall(Listening)
    yield from leave(context, step.client, twice=False)
    kept = [each for each in listening.now.pop(step.client, ()) if each.kept]
    listening.away.setdefault(step.client, []).extend(kept)
