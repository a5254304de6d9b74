"""Checks of the step `consume`: the client can take messages, of its subscription or of a queue."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard
from lab.activemq.protocols import protocol
from lab.check.context import Context
from lab.check.steps import checks
from lab.check.subscriptions import Subscriptions, too_early
from lab.check.terms import NO_QUEUES, WHOLE_NAME
from lab.declare.steps.consume import Consume
from lab.errors import Problem


@checks.register(Consume)
def check_consume(context: Context, step: Consume) -> Iterator[Problem]:
    """Yield the Problems of a consume step: of its client's subscription, or of its queue."""
    yield from _of_a_queue(context, step) if step.queue is not None else _of_a_subscription(context, step)


def _of_a_queue(context: Context, step: Consume) -> Iterator[Problem]:
    if protocol(step.over or "") == "mqtt":
        yield context.wrong("over", NO_QUEUES, "write over: stomp or amqp")
    if has_wildcard(destination_of(step) or ""):
        yield context.wrong("queue", "consume takes messages from one queue", WHOLE_NAME)
    if step.client in context.recall(Subscriptions).now:
        right = "remove the fields queue, broker and over, or write another name for the client"
        yield context.wrong("client", f"the client {step.client} is subscribed already", right)


def _of_a_subscription(context: Context, step: Consume) -> Iterator[Problem]:
    subscriptions = context.recall(Subscriptions)
    if step.client not in subscriptions.first:
        yield too_early(context, step.client)
        return
    if step.client not in subscriptions.now:
        what = f"the client {step.client} has gone, so it has no messages to consume"
        yield context.wrong("client", what, "let it subscribe again first, or write the fields queue, broker and over")
        return
    manual = [each for each in subscriptions.now[step.client] if each.ack != "auto"]
    if not manual:
        what = f"{step.client} acknowledges each message on arrival, so consume finds none"
        yield context.wrong(
            "client", what, "subscribe it with ack: client-individual, or use wait: {until: received, …}"
        )
    elif not step.ack and len(manual) == 1 and (most := manual[0].prefetch) is not None and step.count > most:
        what = f"{step.client} has prefetch {most}, so only {most} messages arrive before it acknowledges one"
        yield context.wrong("count", what, f"write count: {most} or less, or subscribe with a larger prefetch")
