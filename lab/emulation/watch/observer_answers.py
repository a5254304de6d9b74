"""The answers of the observer in a real broker, as text → its events. Pure.

An answer is a line about the buffer, a line of names, then a line for each event, as docker/broker/observer writes
them. The events of messages have places in the line of names instead of texts, to keep answers short. Clients
choose parts of these texts, so an answer of another form is an error by name, and never a silent gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from lab.base.dataclass import dataclass
from lab.errors import BrokerError
from lab.history import ConnectionSeen, ConsumerSeen, MessageSeen, TransactionEnded
from lab.runtime.observer_events import Acknowledgement, Event, ProcessChanged

_NETWORK, _PERSISTENT, _RETAIN = 1, 2, 4  # flags of Entry.Sent
_NANOSECONDS, _MILLISECONDS = 1e9, 1e3
_Place = Annotated[int, Meta(ge=0)]  # in the line of names


class UnreadableError(BrokerError):
    """An observer's answer has another form."""


class Head(Struct, frozen=True, kw_only=True):
    """The first line of an answer: the buffer's state."""

    started: str  # another one after the broker's process has started again, whose events count from 1
    first: int  # the number of the first event that follows
    left: int  # events in the buffer, those that follow among them
    dropped: int  # all that the full buffer has dropped since the start
    at: int  # the broker's clock at the first event that follows, ns
    now: int  # the broker's clock, ns


class _More(Struct, frozen=True, kw_only=True):
    """The fields that few messages have."""

    original: str = ""
    correlation: str = ""
    transaction: str = ""
    error: str = ""
    cause: str = ""
    lifetime: int | None = None


_NOTHING = _More()


class _OfMessage(Struct, frozen=True, array_like=True):
    """An event of a message: `number` with a producer's name is the message id; -1 if the name is the whole id."""

    since: int  # ns since the event in the line before
    destination: _Place
    producer: _Place
    number: int


class _Sent(_OfMessage, frozen=True, array_like=True, tag=1):
    client: _Place
    over: _Place
    flags: int
    size: int  # of the body, bytes; -1 if it is not known
    digest: str
    took: int  # ns
    more: _More = _NOTHING


class _Dispatched(_OfMessage, frozen=True, array_like=True, tag=2):
    consumer: _Place
    retained: int
    redelivered: int


class _Acknowledged(_OfMessage, frozen=True, array_like=True, tag=3):
    consumer: _Place
    kind: _Place
    count: int
    automatic: int
    more: _More = _NOTHING


# By the name of an event in a JSON object: the class with its fields, and the field that has the name.
_EVENTS: Mapping[str, tuple[type[Event], str]] = {
    "connected": (ConnectionSeen, "state"),
    "disconnected": (ConnectionSeen, "state"),
    "subscribed": (ConsumerSeen, "state"),
    "unsubscribed": (ConsumerSeen, "state"),
    "forgotten": (ConsumerSeen, "state"),
    "expired": (MessageSeen, "event"),
    "dead-lettered": (MessageSeen, "event"),
    "discarded": (MessageSeen, "event"),
    "committed": (TransactionEnded, "committed"),
    "rolled-back": (TransactionEnded, "committed"),
    "stopped": (ProcessChanged, "state"),
}
_RENAMED = {"client": "client_id", "cause": "why"}
_HEAD = msgspec.json.Decoder(Head)
_NAMES = msgspec.json.Decoder(list[str])
_LINE = msgspec.json.Decoder(dict[str, Any])
_SHORT = msgspec.json.Decoder(_Sent | _Dispatched | _Acknowledged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The buffer's state and the events that were taken from it."""

    head: Head
    events: tuple[Event, ...]


def parse(broker: str, text: object) -> Answer:
    """Return an observer's answer; raise UnreadableError if it has another form."""
    try:
        first, names, *lines = str(text).split("\n")
        head = _HEAD.decode(first)
        return Answer(head=head, events=tuple(_events(broker, lines, _NAMES.decode(names), head.at)))
    except (msgspec.DecodeError, UnicodeError, ValueError, LookupError) as error:
        raise UnreadableError(f"broker {broker}'s observer sent an answer of another form: {error}") from error


def _events(broker: str, lines: Iterable[str], names: Sequence[str], at: int) -> Iterator[Event]:
    for line in lines:
        if line.startswith("["):
            short = _SHORT.decode(line)
            at += short.since
            yield _of_message(broker, short, names, at / _NANOSECONDS)
        else:
            fields = _LINE.decode(line)
            at = msgspec.convert(fields.pop("at"), int)
            yield _of_line(broker, fields, at / _NANOSECONDS)


def _of_message(broker: str, short: _Sent | _Dispatched | _Acknowledged, names: Sequence[str], t: float) -> Event:
    producer, destination = names[short.producer], names[short.destination]
    message = producer if short.number < 0 else f"{producer}:{short.number}"
    match short:
        case _Sent(flags=flags, more=more):
            return MessageSeen(
                t=t, broker=broker, event="sent", message=message, destination=destination,
                client_id=names[short.client], over=names[short.over], network=bool(flags & _NETWORK),
                persistent=bool(flags & _PERSISTENT), retain=bool(flags & _RETAIN),
                bytes=None if short.size < 0 else short.size, digest=short.digest or None,
                lifetime=None if more.lifetime is None else more.lifetime / _MILLISECONDS,
                original=more.original, correlation=more.correlation, transaction=more.transaction,
                took=short.took / _NANOSECONDS, why=more.error or more.cause,
            )  # fmt: skip
        case _Dispatched():
            return MessageSeen(
                t=t, broker=broker, event="dispatched", message=message, destination=destination,
                consumer=names[short.consumer], retain=bool(short.retained), redelivered=short.redelivered,
            )  # fmt: skip
        case _Acknowledged(more=more):
            return Acknowledgement(
                t=t, broker=broker, message=message, destination=destination, consumer=names[short.consumer],
                kind=names[short.kind], count=short.count, automatic=bool(short.automatic),
                transaction=more.transaction, error=more.error,
            )  # fmt: skip


def _of_line(broker: str, line: Mapping[str, Any], t: float) -> Event:
    event = msgspec.convert(line["event"], str)
    kind, name = _EVENTS[event]
    fields = {_RENAMED.get(field, field): text for field, text in line.items() if field != "event"}
    fields |= {"t": t, "broker": broker, name: event == "committed" if kind is TransactionEnded else event}
    if event == "forgotten":  # for good, when no consumer is there any more
        fields["consumer"] = ""
    return msgspec.convert(fields, kind)
