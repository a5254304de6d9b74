"""Checks of the step `together`: no client is in two of its steps."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.steps import checks
from lab.declare.steps.together import Together
from lab.declare.unrolling import inner_in_order
from lab.errors import Problem


@checks.register(Together)
def check_together(context: Context, step: Together) -> Iterator[Problem]:
    """Yield a Problem for each client in two of the inner steps: a client does one thing at a time."""
    first: dict[str, int] = {}
    for position, branch in enumerate(step.steps):
        for where, each in inner_in_order(branch, (*context.path, position, branch.verb)):
            client = getattr(each, "client", None) if each.uses_client else None
            if client is not None and first.setdefault(client, position) != position:
                what = f"the client {client} is in two steps at once"
                right = "put these steps one after the other, or use two clients: a client does one thing at a time"
                yield Problem(what=what, remedy=right, place=context.scenario.origin.place(*where, "client"))
