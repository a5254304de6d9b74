"""What a protocol has: its terms for subscriptions and messages, and its destinations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.activemq.protocols import protocol
from lab.check.context import Context
from lab.declare.steps.message import Message
from lab.declare.steps.subscribe import Subscribe
from lab.errors import Problem

_HAVE: Mapping[str, tuple[str, ...]] = {
    "qos": ("mqtt",),
    "retained": ("mqtt",),
    "clean_session": ("mqtt",),
    "persistent": ("stomp", "amqp"),
    "durable": ("stomp", "amqp"),
    "ack": ("stomp", "amqp"),
    "selector": ("stomp", "amqp"),
    "prefetch": ("stomp", "amqp"),
    "headers": ("stomp", "amqp"),
    "expiry": ("stomp", "amqp"),
    "group": ("stomp", "amqp"),
    "priority": ("stomp", "amqp"),
}
_INSTEAD = {("durable", "mqtt"): "over MQTT a session is durable: write clean-session: no"}


def check_terms(context: Context, step: Subscribe | Message) -> Iterator[Problem]:
    """Return the Problem of each term that the step's protocol does not have."""
    for field, protocols in _HAVE.items():
        if field in step.model_fields_set and protocol(step.over) not in protocols:
            written = field.replace("_", "-")
            right = (
                _INSTEAD.get((field, protocol(step.over))) or f"remove it: it is for {' and '.join(protocols)} alone"
            )
            yield context.wrong(written, f"{written} means nothing over {step.over}", right)


def check_destination(context: Context, step: Subscribe | Message) -> Iterator[Problem]:
    """Return the Problem that a protocol has no such destination, or names it otherwise than it is written here."""
    if protocol(step.over) != "mqtt":
        return
    if step.queue is not None:
        yield context.wrong("queue", "MQTT knows topics, not queues", "write topic, or over: stomp or amqp")
    if any(character in (step.topic or step.queue or "") for character in "/+#"):
        field = "topic" if step.topic is not None else "queue"
        right = "write a.b for a/b, * for +, > for #"
        yield context.wrong(field, "a topic is named here as ActiveMQ names it", right)
