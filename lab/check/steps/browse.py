"""Checks of the step `browse`: it browses one queue, over a protocol that has queues."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import has_wildcard
from lab.activemq.protocols import protocol
from lab.check.context import Context
from lab.check.steps import checks
from lab.check.subscriptions import Subscriptions
from lab.check.terms import NO_QUEUES, WHOLE_NAME
from lab.declare.steps.browse import Browse
from lab.errors import Problem


@checks.register(Browse)
def check_browse(context: Context, step: Browse) -> Iterator[Problem]:
    """Yield the Problems of the queue, the protocol and the client."""
    if protocol(step.over) == "mqtt":
        yield context.wrong("over", NO_QUEUES, "write over: stomp or amqp")
    if has_wildcard(f"queue://{step.queue}"):
        yield context.wrong("queue", "browse reads one queue", WHOLE_NAME)
    elif "," in step.queue:
        yield context.wrong("queue", "browse reads one queue", "write a step for each part")
    if step.client in context.recall(Subscriptions).now:
        what = f"the client {step.client} is subscribed already, and browse connects a new client"
        yield context.wrong("client", what, "write another name for the client")
