"""What is wrong with the terms of a subscription or of messages: its protocol lacks them, or they do not agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from lab.activemq.protocols import protocol
from lab.amazonmq.files.activemq_xml import LARGEST_FRAME
from lab.check.place import At
from lab.declare.steps.message import Message
from lab.declare.steps.subscribe import Subscribe
from lab.declare.terms import LARGEST_BODY
from lab.errors import Problem
from lab.units import format_size

LONGEST_EXPIRY = timedelta(milliseconds=2**32 - 1)
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


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_terms(at: At, step: Subscribe | Message) -> Iterator[Problem]:
    """Return every Problem of a step's terms, taken by itself."""
    for field, protocols in _HAVE.items():
        if field in step.model_fields_set and protocol(step.over) not in protocols:
            written = field.replace("_", "-")
            right = (
                _INSTEAD.get((field, protocol(step.over))) or f"remove it: it is for {' and '.join(protocols)} alone"
            )
            yield at.wrong(written, f"{written} means nothing over {step.over}", right)
    yield from _subscription(at, step) if isinstance(step, Subscribe) else _message(at, step)


def _subscription(at: At, step: Subscribe) -> Iterator[Problem]:
    if not step.kept:
        return
    field = "durable" if step.durable else "clean-session"
    if step.durable and step.queue is not None:
        right = "remove durable: a queue keeps what is sent to it, whoever listens"
        yield at.wrong(field, "a subscription to a queue is not durable", right)
    if step.client_id is None:
        what = "what a broker keeps for a client, it keeps under the client's id"
        yield at.wrong(field, what, "add client-id: a name that the client has each time it connects")
    if not step.clean_session and protocol(step.over) == "mqtt" and step.qos == 0:
        what = "ActiveMQ keeps nothing for a subscription with QoS 0"
        yield at.wrong("qos", what, "write qos: 1 or 2, or remove clean-session")


def _message(at: At, step: Message) -> Iterator[Problem]:
    if step.size is not None and step.body is not None:
        yield at.wrong("size", "size is of a body that the lab makes", "remove size, or body")
    if step.file is not None:
        for field in ("body", "size"):
            if getattr(step, field) is not None:
                yield at.wrong(field, "the body is in a file", f"remove {field}, or file")
    if step.size is not None and step.size > LARGEST_BODY:
        what = f"a broker takes no frame of more than {format_size(LARGEST_FRAME)}"
        yield at.wrong("size", what, f"at most {format_size(LARGEST_BODY)}, so that the headers have room")
    if step.expiry is not None and protocol(step.over) == "amqp" and step.expiry > LONGEST_EXPIRY:
        yield at.wrong("expiry", "AMQP has no longer time to live than 2^32 ms", "at most 1193h")
    if not all(_is_text(each) for pair in (step.headers or {}).items() for each in pair):
        yield at.wrong("headers", "half of a surrogate pair is no text", "write the whole character")
    if step.expiry is not None and not step.expiry:
        yield at.wrong("expiry", "a message would be over before it is sent", "write how long it lives, or remove it")
