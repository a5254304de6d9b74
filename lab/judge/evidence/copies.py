"""The copies of each message that brokers have: in a queue, or dispatched to a consumer and not acknowledged.

A message has one copy at a broker. It has a second one if a bridge sent it again, or if a broker dispatches it beside a
dispatch without an acknowledgement. A redelivery is the same copy again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lab.activemq.destinations import hears, parts_of
from lab.history import ConsumerSeen, MessageSeen, TransactionEnded
from lab.history.expected.records import Subscription, is_queue


class Copy(NamedTuple):
    """A copy of a message at a broker: in a queue, or dispatched to a consumer."""

    broker: str
    destination: str
    consumer: str = ""  # "" in a queue
    client: str = ""  # of the consumer
    bridge: bool = False  # whether the consumer is a bridge's

    def __str__(self) -> str:
        if self.consumer and self.client:
            return f"was dispatched to {self.client} at {self.broker} and not acknowledged"
        return f"is at {self.broker} on {self.destination}"


class Copies:
    """Collects the events of messages, in the order of their moments."""

    def __init__(self) -> None:
        self._copies: dict[str, tuple[Copy, ...]] = {}  # by message
        self._alike: dict[tuple[Copy, ...], tuple[Copy, ...]] = {}  # each once: a history has a million messages
        self._open: set[tuple[str, str]] = set()  # brokers and ids of connected consumers
        self._durable: set[tuple[str, str]] = set()  # the same, of durable subscriptions: they keep their messages
        self._browsers: set[tuple[str, str]] = set()
        self._sent: dict[tuple[str, str], list[MessageSeen]] = {}  # by broker and transaction
        self._taken: dict[tuple[str, str], list[MessageSeen]] = {}

    def of(self, message: str) -> tuple[Copy, ...]:
        """Return the copies of a message, without those of clients whose topic subscriptions ended."""
        return tuple(
            each
            for each in self._copies.get(message, ())
            if is_queue(each.destination)
            or (each.broker, each.consumer) in self._open
            or (each.broker, each.consumer) in self._durable
        )

    def heard(self, message: str, members: Iterable[Subscription], *, once_dispatched: bool) -> Copy | None:
        """Return a copy that subscriptions may get; None if there is none.

        `once_dispatched` is whether those do not count that were dispatched.
        """
        copies = self.of(message)
        for member in members if copies else ():
            for each in copies:
                if each.bridge or (once_dispatched and each.consumer) or each.broker not in member.brokers:
                    continue
                mine = is_queue(each.destination) or each.client == member.client
                if mine and hears(member.destination, each.destination):
                    return each
        return None

    def consumer(self, event: ConsumerSeen) -> None:
        """Note that a consumer began or ended."""
        key = (event.broker, event.consumer)
        if event.state == "subscribed":
            self._open.add(key)
            if event.durable:
                self._durable.add(key)
            if event.browser:
                self._browsers.add(key)
        elif event.state == "unsubscribed":
            self._open.discard(key)
            self._browsers.discard(key)

    def all_left(self, broker: str) -> None:
        """Note that a broker has no consumers any more."""
        self._open = {key for key in self._open if key[0] != broker}

    def add(self, event: MessageSeen, client: str) -> None:
        """Add an event; `client` is the client of its consumer."""
        if (event.broker, event.consumer) in self._browsers:
            return
        match event.event:
            case "sent" if not event.why:
                parts = [Copy(event.broker, part) for part in parts_of(event.destination) if is_queue(part)]
                self._keep(event.message, (*self._copies.get(event.message, ()), *parts))
                if event.transaction:
                    self._sent.setdefault((event.broker, event.transaction), []).append(event)
            case "dispatched":
                self._dispatched(event, Copy(event.broker, event.destination, event.consumer, client, event.network))
            case "acknowledged" if not event.why:
                if event.transaction:
                    self._taken.setdefault((event.broker, event.transaction), []).append(event)
                else:
                    self._end(event, queued=True)
            case "rejected":
                self._end(event, queued=False)
            case "dead-lettered":  # after a rejection, there is no dispatch of its consumer any more
                self._end(event, queued=not event.consumer)
            case "expired" | "discarded":
                self._end(event, queued=True)

    def ended(self, event: TransactionEnded) -> None:
        """Note the end of a transaction."""
        key = (event.broker, event.transaction)
        sent, taken = self._sent.pop(key, ()), self._taken.pop(key, ())
        for each in taken if event.committed else sent:
            for part in parts_of(each.destination):
                self._end(each.with_fields(destination=part), queued=True)

    def _dispatched(self, event: MessageSeen, copy: Copy) -> None:
        copies = self._copies.get(event.message, ())
        here = [each for each in copies if (each.broker, each.destination) == (copy.broker, copy.destination)]
        queued = [each for each in here if not each.consumer]
        left = [each for each in here if each.consumer and (each.broker, each.consumer) not in self._open]
        if not is_queue(copy.destination):
            left = [each for each in left if each.client == copy.client]
        own = [each for each in here if each == copy] if event.redelivered else []
        before = [*own, *left, *queued] if event.redelivered else [*queued, *left]
        self._keep(event.message, (*_without(copies, before[:1]), copy))

    def _end(self, event: MessageSeen, *, queued: bool) -> None:
        """Remove the copy of an event's consumer; if it has none, one in the queue if `queued`."""
        copies = self._copies.get(event.message, ())
        here = [
            each
            for each in copies
            if each.broker == event.broker
            and (each.destination == event.destination or hears(event.destination, each.destination))
        ]
        its = [each for each in here if each.consumer and each.consumer == event.consumer]
        if not its and queued:
            its = [each for each in here if not each.consumer]
        self._keep(event.message, _without(copies, its[:1]))

    def _keep(self, message: str, copies: tuple[Copy, ...]) -> None:
        if copies:
            self._copies[message] = self._alike.setdefault(copies, copies)
        else:
            self._copies.pop(message, None)


def _without(copies: tuple[Copy, ...], ended: list[Copy]) -> tuple[Copy, ...]:
    """Return copies without those of a list, each of which is removed once."""
    left = list(copies)
    for each in ended:
        left.remove(each)
    return tuple(left)
