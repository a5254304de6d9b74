"""Which message an event is about, by ActiveMQ's message id.

A broker gives each message an id of its own, and a client library that sends a message again sends it with its id. But
an AMQP sender chooses its ids, often 1, 2, 3 from each start on, or the id of a message that it forwards. So a message
is known by its id and its destination. Where two messages have both in common, an event belongs to the second message
if the first message was over before the second sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from lab.activemq.destinations import hears, parts_of
from lab.base.dataclass import dataclass
from lab.history import MessageSeen
from lab.history.expected.records import is_queue
from lab.judge.evidence.copies import Copies

_APART = 0.5  # seconds by which two brokers' clocks surely differ less, unless their observers state more

Key = str | int  # of a message


class Receiver(Protocol):
    """A client of a delivery, and its subscription."""

    client: str
    since: float  # when it subscribed, in seconds
    durable: bool


@dataclass(slots=True, kw_only=True)
class _Series:
    """Messages of an AMQP sender with one id and one destination, since the last of them that was over."""

    messages: list[str]
    last: float  # the moment of the last event
    takers: tuple[str, ...] = ()  # by delivery
    ended: int = 0  # messages that a broker ended
    earlier: tuple[str, ...] | None = None  # clients that had the messages before these; None if there were none
    since: float = 0.0  # when those were over


class _Mixed(NamedTuple):
    """Why it is unknown which of several messages came, and when the last of them was sent."""

    t: float
    reason: str


class MessageIds:
    """Assigns events to messages, which have an id in the ledger."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies
        self._ids: dict[str, str] = {}  # by ActiveMQ's id: the first message
        self._of: dict[str, dict[str, str]] = {}  # by an id of several messages: the last one by destination
        self._destinations: dict[str, str] = {}  # by step
        self._moved: dict[str, dict[str, str]] = {}  # by id and the destination to which a broker moved the message
        self._astray: set[tuple[str, str]] = set()  # ids, and destinations of deliveries that are not the message's
        self._series: dict[tuple[str, str], _Series] = {}
        self._refused: set[str] = set()  # messages that no broker accepted, and no client received
        self._mixed: dict[str, _Mixed] = {}  # by destination
        self.apart = _APART  # seconds by which the moments of two brokers surely differ less
        self.withdrawn: list[str] = []  # messages that were refused, and accepted when they were sent again
        self.repeated: set[str] = set()  # ids of several messages to one destination

    def __contains__(self, message: str) -> bool:
        return message in self._ids

    def clock(self, error: float) -> None:
        """Note the error of a broker's clock, in seconds."""
        self.apart = max(self.apart, 2 * error)

    def sent_again(self, event: MessageSeen, destination: str) -> str:
        """Return the message that is sent again, by a client's library or by a broker that moved it; "" if none is."""
        if event.message not in self._ids:
            return ""
        if event.original:
            its = self._last(event.message, event.original) or self._ids[event.message]
            if self._moved.setdefault(event.message, {}).setdefault(destination, its) != its:
                self._mix(event.message, destination, event.t)
            return its
        its = self._last(event.message, destination)
        if its in self._refused and not event.why:  # the same message, at another moment or broker
            self._refused.discard(its)
            self.withdrawn.append(its)
            return ""
        return "" if event.over.startswith("amqp") else its

    def add(self, event: MessageSeen, destination: str, message: str) -> None:
        """Add a message that was sent to a destination, and accepted or refused."""
        known = self._last(event.message, destination)
        self._destinations[message.partition("-")[0]] = destination
        if event.why:
            self._refused.add(message)
        if known and event.why:
            return  # the events are still of the message that was accepted
        if (first := self._ids.setdefault(event.message, message)) != message:
            self._of.setdefault(event.message, {self._destination(first): first})[destination] = message
            if (event.message, destination) in self._astray:
                self._mix(event.message, destination, event.t)
        if not event.over.startswith("amqp") or event.why:
            return
        key, again = (event.message, destination), bool(known) and known not in self.withdrawn[-1:]
        before = self._series.get(key)
        if not again and before is None:
            self._series[key] = _Series(messages=[message], last=event.t)
            return
        self.repeated.add(event.message)
        if before is not None and self._is_over(before, event, destination):
            had = tuple(each for each in set(before.takers) if before.takers.count(each) >= len(before.messages))
            self._series[key] = _Series(messages=[message], last=event.t, earlier=had, since=before.last)
            return
        self._mix(event.message, destination, event.t)
        if before is None:
            self._series[key] = _Series(messages=[known, message], last=event.t)
        else:
            before.messages.append(message)

    def delivered(self, event: MessageSeen, to: Receiver) -> str | None:
        """Return the message that a client received; None if no sending of it is known yet."""
        its = self._ids.get(event.message)
        if its is None:
            return None
        if event.message in self._of:
            its = self._among(event)
        elif event.destination != (own := self._destination(its)) and not hears(event.destination, own):
            self._astray.add((event.message, event.destination))
        self._refused.discard(its)
        destination = self._destination(its)
        series = self._series.get((event.message, destination))
        if series is None or event.destination in self._moved.get(event.message, ()):
            return its
        queue = is_queue(destination)
        number = len(series.takers) if queue else series.takers.count(to.client)
        if series.earlier is not None and not queue and to.client not in series.earlier:
            new = is_queue(event.destination) or to.since <= series.since + self.apart
            if new or to.durable or event.retain:  # it may get one of the messages before
                self._mix(event.message, destination, event.t)
        series.last = max(series.last, event.t)
        if not event.redelivered:
            series.takers += (to.client,)
        return series.messages[min(number, len(series.messages) - 1)]

    def ended(self, event: MessageSeen) -> None:
        """Note that a broker ended a message."""
        series = self._series.get((event.message, event.destination))
        if series is not None:
            series.last = max(series.last, event.t)
            series.ended += is_queue(event.destination)

    def key(self, event: MessageSeen) -> Key:
        """Return the key of the message that an event is about: the first one with an id has the id as its key."""
        messages = self._of.get(event.message)
        if messages is None:
            return event.message
        its = (self._fitting(event, messages) or [""])[0]
        return event.message if its in ("", self._ids[event.message]) else _position(its)

    def position(self, key: Key) -> int:
        """Return the step and the number of a message as one number; -1 if no sending of it is known."""
        return key if isinstance(key, int) else _position(self._ids.get(key, ""))

    def decided(self, message: str, *, accepted: bool) -> None:
        """Note the end of a message's transaction: whether a broker accepted the message."""
        if accepted:
            self._refused.discard(message)
        else:
            self._refused.add(message)

    def mixed(self, destination: str, begin: float) -> str:
        """Return why it is unknown which messages came from a destination, by those sent since a moment; else ""."""
        for other, mixed in self._mixed.items():
            if mixed.t >= begin and hears(destination, other):
                return mixed.reason
        return ""

    def _is_over(self, series: _Series, event: MessageSeen, destination: str) -> bool:
        """Return whether all messages of a series were over before one with their id was sent."""
        if event.retain or destination != event.destination or len(parts_of(destination)) > 1:
            return False
        if event.t - series.last <= self.apart:
            return False
        if is_queue(destination) and len(series.takers) + series.ended < len(series.messages):
            return False
        others = {**self._of.get(event.message, {}), **self._moved.get(event.message, {})}
        others.pop(destination, None)
        return all(each.destination in others for each in self._copies.of(event.message))

    def _among(self, event: MessageSeen) -> str:
        """Return the message of a delivery, by its destination; note if it may be another one with its id."""
        messages = self._of[event.message]
        fitting = self._fitting(event, messages)
        if len(fitting) != 1:
            self._mix(event.message, event.destination, event.t)
        return (fitting or list(messages.values()))[0]

    def _fitting(self, event: MessageSeen, messages: Mapping[str, str]) -> list[str]:
        """Return those of the messages with an id that an event may be about, by its destination."""
        its = messages.get(event.destination) or self._moved.get(event.message, {}).get(event.destination)
        if its is not None:
            return [its]
        return [its for destination, its in messages.items() if hears(event.destination, destination)]

    def _last(self, message_id: str, destination: str) -> str:
        """Return the last message with an id to a destination; "" if there is none."""
        if message_id in self._of:
            return self._of[message_id].get(destination, "")
        first = self._ids.get(message_id, "")
        return first if first and self._destination(first) == destination else ""

    def _destination(self, message: str) -> str:
        return self._destinations[message.partition("-")[0]]

    def _mix(self, message_id: str, destination: str, t: float) -> None:
        unknown = (
            f"it is unknown which of them came from {destination}: let the AMQP sender give each message another id"
        )
        words = f"several messages have the id {message_id}, and {unknown}"
        before = self._mixed.get(destination)
        self._mixed[destination] = _Mixed(t if before is None else max(t, before.t), words)


def _position(message: str) -> int:
    step, _, number = message.partition("-")
    return (int(step) << 32) + int(number) if number else -1
