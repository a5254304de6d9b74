"""Checks of terms and destinations against the protocol of a step."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.protocols import protocol
from lab.check.context import Context
from lab.declare.message_fields import OnlyOver
from lab.declare.steps.clients import Subscribe
from lab.declare.steps.messages import Message
from lab.errors import Problem

NO_QUEUES = "MQTT knows topics, not queues"
WHOLE_NAME = "write a whole name: * and > are wildcards"


def check_terms(context: Context, step: Subscribe | Message) -> Iterator[Problem]:
    """Yield a Problem for each written term that the step's protocol does not have."""
    for name, field in type(step).model_fields.items():
        for mark in field.metadata if name in step.model_fields_set else ():
            if isinstance(mark, OnlyOver) and protocol(step.over) not in mark.protocols:
                written = field.alias or name
                right = mark.instead or f"remove {written}: it is only for {' and '.join(mark.protocols)}"
                yield context.wrong(written, f"{written} means nothing over {step.over}", right)


def check_destination(context: Context, step: Subscribe | Message) -> Iterator[Problem]:
    """Yield a Problem if the protocol does not have such destinations, or if a topic is written in MQTT's form."""
    if protocol(step.over) != "mqtt":
        return
    if step.queue is not None:
        yield context.wrong("queue", NO_QUEUES, "write topic, or over: stomp or amqp")
    field = "topic" if step.topic is not None else "queue"
    if field not in context.unknown and any(each in (step.topic or step.queue or "") for each in "/+#"):
        right = "write a.b for a/b, * for +, > for #"
        yield context.wrong(field, "a topic is named here as ActiveMQ names it", right)
