"""Checks of steps that send: the destination, the terms and the bodies of the messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from lab.activemq.destinations import destination_of, has_wildcard
from lab.activemq.protocols import protocol
from lab.amazonmq.files.activemq_xml import LARGEST_BODY, LARGEST_FRAME
from lab.base.printable import is_text
from lab.base.units import format_size
from lab.check.context import Context
from lab.check.steps import checks
from lab.check.terms import WHOLE_NAME, check_destination, check_terms
from lab.declare.steps.message import Message
from lab.errors import Problem

LONGEST_EXPIRY = timedelta(milliseconds=2**32 - 1)


@checks.register(Message)
def check_message(context: Context, step: Message) -> Iterator[Problem]:
    """Yield the Problems of the messages and their destination."""
    yield from check_destination(context, step)
    if has_wildcard(destination_of(step) or ""):
        field = "topic" if step.topic is not None else "queue"
        yield context.wrong(field, "a message is sent to one destination", WHOLE_NAME)
    yield from check_terms(context, step)
    yield from _body(context, step)
    if step.expiry is not None and protocol(step.over) == "amqp" and step.expiry > LONGEST_EXPIRY:
        yield context.wrong("expiry", "AMQP permits an expiry of at most 2^32 ms", "write 1193h or less")
    if not all(is_text(each) for pair in (step.headers or {}).items() for each in pair):
        yield context.wrong("headers", "half of a surrogate pair is no text", "write the whole character")
    if step.expiry is not None and not step.expiry:
        right = "write a longer time, or remove expiry"
        yield context.wrong("expiry", "the message would expire before it is sent", right)


def _body(context: Context, step: Message) -> Iterator[Problem]:
    if step.size is not None and step.body is not None:
        yield context.wrong("size", "size applies only to a body that the lab generates", "remove size, or body")
    if step.file is not None:
        for field in ("body", "size"):
            if getattr(step, field) is not None:
                yield context.wrong(field, "the body is in a file", f"remove {field}, or file")
    if step.size is not None and step.size > LARGEST_BODY:
        what = f"a broker takes no frame of more than {format_size(LARGEST_FRAME)}"
        yield context.wrong("size", what, f"write at most {format_size(LARGEST_BODY)}, so that the headers have room")
