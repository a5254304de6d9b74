"""The answers of the observer in a real broker, as text → its events. Pure.

An answer is a line about the buffer, a line of names, then a line for each event, as docker/broker/observer writes
them. The events of messages have places in the line of names instead of texts, to keep answers short. Clients
choose parts of these texts, so an answer of another form is an error by name, and never a silent gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from lab.base.dataclass import dataclass
from lab.errors import BrokerError
from lab.runtime.observer_events import Event

_NETWORK, _PERSISTENT, _RETAIN = 1, 2, 4  # flags of Entry.Sent
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


_HEAD = msgspec.json.Decoder(Head)
_NAMES = msgspec.json.Decoder(list[str])
_EVENT = msgspec.json.Decoder(Event)
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
        return Answer(head=head, events=tuple(_events(lines, _NAMES.decode(names), head.at)))
    except (msgspec.DecodeError, UnicodeError, ValueError, IndexError) as error:
        raise UnreadableError(f"broker {broker}'s observer sent an answer of another form: {error}") from error


def _events(lines: Iterable[str], names: Sequence[str], at: int) -> Iterator[Event]:
    for line in lines:
        if line.startswith("["):
            short = _SHORT.decode(line)
            at += short.since
            yield _event(short, names, at)
        else:
            event = _EVENT.decode(line)
            at = event.at
            yield event


def _event(short: _Sent | _Dispatched | _Acknowledged, names: Sequence[str], at: int) -> Event:
    producer, destination = names[short.producer], names[short.destination]
    message = producer if short.number < 0 else f"{producer}:{short.number}"
    match short:
        case _Sent(flags=flags, more=more):
            return Event(
                at=at, event="sent", done=at + short.took, message=message, destination=destination,
                client=names[short.client], over=names[short.over], network=bool(flags & _NETWORK),
                persistent=bool(flags & _PERSISTENT), retain=bool(flags & _RETAIN),
                bytes=None if short.size < 0 else short.size, digest=short.digest,
                original=more.original, correlation=more.correlation, transaction=more.transaction,
                error=more.error, cause=more.cause, lifetime=more.lifetime,
            )  # fmt: skip
        case _Dispatched():
            return Event(
                at=at, event="dispatched", message=message, destination=destination, consumer=names[short.consumer],
                retained=bool(short.retained), redelivered=short.redelivered,
            )  # fmt: skip
        case _Acknowledged(more=more):
            return Event(
                at=at, event="acknowledged", message=message, destination=destination, consumer=names[short.consumer],
                kind=names[short.kind], count=short.count, automatic=bool(short.automatic),
                transaction=more.transaction, error=more.error,
            )  # fmt: skip
