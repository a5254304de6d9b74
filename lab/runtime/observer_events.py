"""The events of a broker's observer → observations. Pure.

The events are those of docker/broker/observer. A simulated broker makes the same events from its models. Nearly all are
observations already; the moment of an event is in seconds of its broker's clock.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from msgspec import Struct

from lab.history import ConnectionSeen, ConsumerSeen, MessageSeen, Observation, ObserverChanged, TransactionEnded

_MOST_UNACKNOWLEDGED = 100_000  # dispatched messages of one consumer that are remembered
ENDED = "its process ended or does not answer, perhaps with events that were not read"
STOPPED = "its process ended in order"
FULL = "its buffer of events was full"
_FORGOTTEN = f"a client left more than {_MOST_UNACKNOWLEDGED:,} messages unacknowledged, and acknowledged them at once"
_Key = tuple[str, str, int]  # message, destination, and number of the copy
_OF_STOMP = "convert_string_expressions:"  # ActiveMQ writes it before the selector of a STOMP client


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """A consumer's acknowledgement of a message, or of several up to it."""

    t: float
    broker: str
    consumer: str
    message: str
    destination: str
    kind: str  # `one`, `all` or `poison`; others move the consumer's window
    count: int = 1
    transaction: str = ""
    automatic: bool = False
    error: str = ""


class ProcessChanged(Struct, frozen=True, kw_only=True):
    """A broker's process has `stopped` in order; a simulated one is also `paused`, `resumed` or `halted`."""

    t: float
    broker: str
    state: str


# Observations without the facts that events before them have: an acknowledged message names no client, for example.
Event = ConnectionSeen | ConsumerSeen | MessageSeen | TransactionEnded | Acknowledgement | ProcessChanged


class _Pending:
    """The messages that were dispatched to one consumer and not acknowledged, in their order.

    An acknowledgement of several names only the last of them. A consumer may have two copies of a message.
    """

    def __init__(self) -> None:
        self._dispatches: OrderedDict[_Key, MessageSeen] = OrderedDict()
        self._copies: dict[tuple[str, str], list[int]] = {}  # of messages with several: the numbers after the first
        self._last_copy = 0
        self.is_whole = True  # whether no message was too much to remember

    def add(self, event: MessageSeen) -> None:
        """Add a dispatch; a redelivery comes after those that it had passed."""
        key = (event.message, event.destination, 0)
        same = self.copies(event.message, event.destination)
        if again := next((copy for copy in same if event.redelivered > self._dispatches[copy].redelivered), None):
            key = again
        elif same:
            self._last_copy += 1
            key = (event.message, event.destination, self._last_copy)
            self._copies.setdefault(key[:2], []).append(self._last_copy)
        self._dispatches[key] = event
        self._dispatches.move_to_end(key)
        if len(self._dispatches) > _MOST_UNACKNOWLEDGED:
            self.take(next(iter(self._dispatches)))
            self.is_whole = False

    def copies(self, message: str, destination: str) -> list[_Key]:
        """Return the copies of a message, the first one first; most messages have one or none."""
        first = (message, destination, 0)
        keys = [first] if first in self._dispatches else []
        return keys + [(message, destination, number) for number in self._copies.get((message, destination), ())]

    def of_pattern(self, message: str) -> list[_Key]:
        """Return the copies of a message to any destination."""
        destination = next((key[1] for key in self._dispatches if key[0] == message), None)
        return [] if destination is None else self.copies(message, destination)

    def up_to(self, keys: list[_Key], count: int) -> list[_Key]:
        """Return the messages, `count` at most, that end with a copy: the first one that has so many before it."""
        order = list(self._dispatches)
        ends = sorted(order.index(key) + 1 for key in keys)
        end = next((place for place in ends if place >= count), ends[-1])
        return order[max(0, end - count) : end]

    def take(self, key: _Key) -> MessageSeen | None:
        """Remove a dispatch and return it; None if it is not remembered."""
        if key[2] and key[2] in (numbers := self._copies.get(key[:2], [])):
            numbers.remove(key[2])
            if not numbers:
                del self._copies[key[:2]]
        return self._dispatches.pop(key, None)

    def is_retained(self, key: _Key) -> bool:
        """Return whether a dispatched message was a retained one."""
        return key in self._dispatches and self._dispatches[key].retain


class Translator:
    """Makes observations of one process of a broker from its events; it knows the consumers and what each has."""

    def __init__(self) -> None:
        self._consumers: dict[str, ConsumerSeen] = {}
        self._pending: dict[str, _Pending] = {}  # by consumer
        self._in_transaction: dict[str, list[tuple[str, _Key]]] = {}  # consumers and keys of _pending

    def observations(self, event: Event) -> Iterator[Observation]:
        """Yield the observations of an event, at its moment."""
        match event:
            case ConsumerSeen():
                yield self._consumer(event)
            case MessageSeen(event="sent"):
                yield event
            case MessageSeen(event="dispatched"):
                self._pending.setdefault(event.consumer, _Pending()).add(event)
                yield self._with_client(event)
            case MessageSeen():  # its end
                pending = self._pending.get(event.consumer, _Pending())
                for key in pending.copies(event.message, event.destination)[:1]:
                    pending.take(key)
                yield self._with_client(event)
            case Acknowledgement():
                yield from self._acknowledged(event)
            case ConnectionSeen():
                yield event
            case TransactionEnded():
                for consumer, key in self._in_transaction.pop(event.transaction, ()):
                    if event.committed:
                        self._pending.get(consumer, _Pending()).take(key)
                yield event

    def _consumer(self, event: ConsumerSeen) -> ConsumerSeen:
        if event.state == "subscribed":
            event = event.with_fields(selector=event.selector.removeprefix(_OF_STOMP))
            self._consumers[event.consumer] = event
        elif event.state == "unsubscribed":
            self._pending.pop(event.consumer, None)
            known = self._consumers.pop(event.consumer, event)
            event = known.with_fields(t=event.t, state=event.state, error=event.error)
        return event

    def _acknowledged(self, event: Acknowledgement) -> Iterator[Observation]:
        """Yield one observation for each message that an acknowledgement is of."""
        name = {"one": "acknowledged", "all": "acknowledged", "poison": "rejected"}.get(event.kind)
        if name is None:  # it moves the consumer's window, or another event has it already
            return
        pending = self._pending.get(event.consumer, _Pending())
        keys = self._keys(event, pending)
        for key in keys:
            message, destination, _ = key
            retained = pending.is_retained(key)
            if event.transaction:
                self._in_transaction.setdefault(event.transaction, []).append((event.consumer, key))
            else:
                pending.take(key)
            acknowledged = MessageSeen(
                t=event.t, broker=event.broker, event=name, message=message, destination=destination,
                consumer=event.consumer, retain=retained, transaction=event.transaction, automatic=event.automatic,
                why=event.error,
            )  # fmt: skip
            yield self._with_client(acknowledged)
        count = max(event.count, 1) if event.kind == "all" else 1
        if not pending.is_whole and len(keys) < count:
            missing = count - len(keys)
            yield ObserverChanged(
                t=event.t, broker=event.broker, state="lost", since=event.t, lost_events=missing, why=_FORGOTTEN
            )

    def _keys(self, event: Acknowledgement, pending: _Pending) -> list[_Key]:
        """Return the key of each message that an acknowledgement is of, oldest first."""
        copies = pending.copies(event.message, event.destination) or pending.of_pattern(event.message)
        if not copies:  # a consumer of a pattern names that as its destination
            consumer = self._consumers.get(event.consumer)
            pattern = consumer is not None and any(sign in consumer.destination for sign in "*>")
            # Of a pattern's messages only the observed ones were dispatched here.
            return [] if pattern else [(event.message, event.destination, 0)]
        if event.kind != "all" or event.count < 2:
            return copies[:1]
        return pending.up_to(copies, event.count)

    def _with_client(self, event: MessageSeen) -> MessageSeen:
        """Return the event of a consumer with the names of its client."""
        consumer = self._consumers.get(event.consumer)
        if consumer is None:
            return event
        return event.with_fields(client_id=consumer.client_id, over=consumer.over, network=consumer.network)
