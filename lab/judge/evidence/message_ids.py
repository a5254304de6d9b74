"""Which message an event is about, by ActiveMQ's message id.

A broker gives each message an id of its own, and a client library that sends a message again sends it with its id. But
an AMQP sender chooses its ids, often 1, 2, 3 from each start on, or the id of a message that it forwards. So a message
is known by its id and its destination. Of two messages with both in common, events are told apart if the first one was
over when the second one was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from lab.activemq.destinations import hears, parts_of
from lab.dataclass import dataclass
from lab.expected.records import is_queue
from lab.history import MessageSeen
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
    words: str


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
        self._apart = _APART
        self.withdrawn: list[str] = []  # messages that were refused, and accepted when they were sent again
        self.repeated: set[str] = set()  # ids of several messages to one destination

    def __contains__(self, message: str) -> bool:
        return message in self._ids

    def clock(self, error: float) -> None:
        """Note the error of a broker's clock, in seconds."""
        self._apart = max(self._apart, 2 * error)

    def sent_again(self, seen: MessageSeen, destination: str) -> str:
        """Return the message that is sent again, by a client's library or by a broker that moved it; "" if none is."""
        if seen.message not in self._ids:
            return ""
        if seen.original:
            its = self._last(seen.message, seen.original) or self._ids[seen.message]
            if self._moved.setdefault(seen.message, {}).setdefault(destination, its) != its:
                self._mix(seen.message, destination, seen.t)
            return its
        its = self._last(seen.message, destination)
        if its in self._refused and not seen.why:  # the same message, at another moment or broker
            self._refused.discard(its)
            self.withdrawn.append(its)
            return ""
        return "" if seen.over.startswith("amqp") else its

    def add(self, seen: MessageSeen, destination: str, message: str) -> None:
        """Add a message that was sent to a destination, and accepted or refused."""
        known = self._last(seen.message, destination)
        self._destinations[message.partition("-")[0]] = destination
        if seen.why:
            self._refused.add(message)
        if known and seen.why:
            return  # the events are still of the message that was accepted
        if (first := self._ids.setdefault(seen.message, message)) != message:
            self._of.setdefault(seen.message, {self._destination(first): first})[destination] = message
            if (seen.message, destination) in self._astray:
                self._mix(seen.message, destination, seen.t)
        if not seen.over.startswith("amqp") or seen.why:
            return
        key, again = (seen.message, destination), bool(known) and known not in self.withdrawn[-1:]
        before = self._series.get(key)
        if not again and before is None:
            self._series[key] = _Series(messages=[message], last=seen.t)
            return
        self.repeated.add(seen.message)
        if before is not None and self._is_over(before, seen, destination):
            had = tuple(each for each in set(before.takers) if before.takers.count(each) >= len(before.messages))
            self._series[key] = _Series(messages=[message], last=seen.t, earlier=had, since=before.last)
            return
        self._mix(seen.message, destination, seen.t)
        if before is None:
            self._series[key] = _Series(messages=[known, message], last=seen.t)
        else:
            before.messages.append(message)

    def delivered(self, seen: MessageSeen, to: Receiver) -> str | None:
        """Return the message that a client received; None if no sending of it is known yet."""
        its = self._ids.get(seen.message)
        if its is None:
            return None
        if seen.message in self._of:
            its = self._among(seen)
        elif seen.destination != (own := self._destination(its)) and not hears(seen.destination, own):
            self._astray.add((seen.message, seen.destination))
        self._refused.discard(its)
        destination = self._destination(its)
        series = self._series.get((seen.message, destination))
        if series is None or seen.destination in self._moved.get(seen.message, ()):
            return its
        queue = is_queue(destination)
        number = len(series.takers) if queue else series.takers.count(to.client)
        if series.earlier is not None and not queue and to.client not in series.earlier:
            new = is_queue(seen.destination) or to.since <= series.since + self._apart
            if new or to.durable or seen.retain:  # it may get one of the messages before
                self._mix(seen.message, destination, seen.t)
        series.last = max(series.last, seen.t)
        if not seen.redelivered:
            series.takers += (to.client,)
        return series.messages[min(number, len(series.messages) - 1)]

    def ended(self, seen: MessageSeen) -> None:
        """Note that a broker ended a message."""
        series = self._series.get((seen.message, seen.destination))
        if series is not None:
            series.last = max(series.last, seen.t)
            series.ended += is_queue(seen.destination)

    def key(self, seen: MessageSeen) -> Key:
        """Return the key of the message that an event is about: the first one with an id has the id as its key."""
        messages = self._of.get(seen.message)
        if messages is None:
            return seen.message
        its = (self._fitting(seen, messages) or [""])[0]
        return seen.message if its in ("", self._ids[seen.message]) else _position(its)

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
                return mixed.words
        return ""

    def _is_over(self, series: _Series, seen: MessageSeen, destination: str) -> bool:
        """Return whether all messages of a series were over before one with their id was sent."""
        if seen.retain or destination != seen.destination or len(parts_of(destination)) > 1:
            return False
        if seen.t - series.last <= self._apart:
            return False
        if is_queue(destination) and len(series.takers) + series.ended < len(series.messages):
            return False
        others = {**self._of.get(seen.message, {}), **self._moved.get(seen.message, {})}
        others.pop(destination, None)
        return all(each.destination in others for each in self._copies.of(seen.message))

    def _among(self, seen: MessageSeen) -> str:
        """Return the message of a delivery, by its destination; note if it may be another one with its id."""
        messages = self._of[seen.message]
        fitting = self._fitting(seen, messages)
        if len(fitting) != 1:
            self._mix(seen.message, seen.destination, seen.t)
        return (fitting or list(messages.values()))[0]

    def _fitting(self, seen: MessageSeen, messages: Mapping[str, str]) -> list[str]:
        """Return those of the messages with an id that an event may be about, by its destination."""
        its = messages.get(seen.destination) or self._moved.get(seen.message, {}).get(seen.destination)
        if its is not None:
            return [its]
        return [its for destination, its in messages.items() if hears(seen.destination, destination)]

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
