"""What is wrong with the destination that a broker is to count."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.check.context import Context
from lab.check.listeners import listeners
from lab.declare.steps.message import Message
from lab.declare.unrolling import every_step
from lab.errors import Problem


def check_destination(context: Context, wanted: str | None, *, heard: bool = False) -> Iterator[Problem]:
    """It must be one, which somebody sends to, or listens to."""
    if wanted is None:
        return
    field = wanted.partition("://")[0]
    if has_wildcard(wanted):
        yield context.wrong(field, "a counter is of one destination", "* and > are wildcards: write a name")
        return
    messages = (step for step in every_step(context.scenario.steps) if isinstance(step, Message))
    used = sorted({str(destination_of(step)) for step in (listeners(context.scenario) if heard else messages)})
    if not any(hears(each, wanted) for each in used):
        does, done = ("subscribes", "subscribed") if heard else ("publishes", "published")
        what = f"no step {does} to {wanted}, so the claim would hold of nothing"
        yield context.wrong(field, what, f"{done} to: {', '.join(used) or 'nothing'}")
