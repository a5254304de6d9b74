"""The events of a broker's observer → observations. Pure.

The events are those of docker/broker/observer. A simulated broker makes the same events from its models.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from msgspec import Struct

from lab.history import ConnectionSeen, ConsumerSeen, MessageSeen, Observation, ObserverChanged, TransactionEnded

_MOST_UNACKNOWLEDGED = 100_000  # dispatched messages of one consumer that are remembered
_MILLISECONDS = 1e3
ENDED = "its process ended or does not answer, perhaps with events that were not read"
STOPPED = "its process ended in order"
FULL = "its buffer of events was full"
_FORGOTTEN = f"a client left more than {_MOST_UNACKNOWLEDGED:,} messages unacknowledged, and acknowledged them at once"
_Key = tuple[str, str, int]  # message, destination, and number of the copy
_OF_STOMP = "convert_string_expressions:"  # ActiveMQ writes it before the selector of a STOMP client


class Event(Struct, frozen=True, kw_only=True):
    """One event, with the fields of its kind; `at` and `done` are the broker's clock in ns."""

    at: int
    event: str
    done: int | None = None
    connection: str = ""
    client: str = ""
    user: str = ""
    address: str = ""
    over: str = ""
    error: str = ""
    consumer: str = ""
    destination: str = ""
    selector: str = ""
    durable: str = ""
    network: bool = False
    browser: bool = False
    no_local: bool = False
    message: str = ""
    persistent: bool = False
    retain: bool = False
    retained: bool = False
    original: str = ""
    correlation: str = ""
    transaction: str = ""
    cause: str = ""
    lifetime: int | None = None
    bytes: int | None = None
    digest: str = ""
    redelivered: int = 0
    kind: str = ""
    count: int = 0
    automatic: bool = False


class _Pending:
    """The messages that were dispatched to one consumer and not acknowledged, in their order.

    An acknowledgement of several names only the last of them. A consumer may have two copies of a message.
    """

    def __init__(self) -> None:
        self._dispatches: OrderedDict[_Key, Event] = OrderedDict()
        self._copies: dict[tuple[str, str], list[int]] = {}  # of messages with several: the numbers after the first
        self._last_copy = 0
        self.is_whole = True  # whether no message was too much to remember

    def add(self, event: Event) -> None:
        """Add a dispatch; a redelivery comes after those that it had passed."""
        key = (event.message, event.destination, 0)
        same = self.copies(event.message, event.destination)
        if again := next((each for each in same if event.redelivered > self._dispatches[each].redelivered), None):
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

    def take(self, key: _Key) -> Event | None:
        """Remove a dispatch and return it; None if it is not remembered."""
        if key[2] and key[2] in (numbers := self._copies.get(key[:2], [])):
            numbers.remove(key[2])
            if not numbers:
                del self._copies[key[:2]]
        return self._dispatches.pop(key, None)

    def is_retained(self, key: _Key) -> bool:
        """Return whether a dispatched message was a retained one."""
        return key in self._dispatches and self._dispatches[key].retained


class Translator:
    """Makes observations of one process of a broker from its events; it knows the consumers and what each has."""

    def __init__(self, broker: str) -> None:
        self._broker = broker
        self._consumers: dict[str, Event] = {}
        self._pending: dict[str, _Pending] = {}  # by consumer
        self._in_transaction: dict[str, list[tuple[str, _Key]]] = {}  # consumers and keys of _pending

    def observations(self, event: Event, t: float, took: float | None = None) -> Iterator[Observation]:
        """Yield the observations of an event at `t`, in seconds of the lab's clock; `took` is a send's duration."""
        match event.event:
            case "connected" | "disconnected":
                yield ConnectionSeen(
                    t=t, broker=self._broker, connection=event.connection, state=event.event, client_id=event.client,
                    user=event.user, address=event.address, over=event.over, error=event.error,
                )  # fmt: skip
            case "subscribed" | "unsubscribed":
                yield self._consumer(event, t)
            case "sent":
                yield self._sent(event, t, took)
            case "dispatched":
                yield self._dispatched(event, t)
            case "acknowledged":
                yield from self._acknowledged(event, t)
            case "expired" | "dead-lettered" | "discarded":
                pending = self._pending.get(event.consumer, _Pending())
                for key in pending.copies(event.message, event.destination)[:1]:
                    pending.take(key)
                yield self._message(event, t, why=event.cause)
            case "forgotten":
                yield ConsumerSeen(
                    t=t, broker=self._broker, consumer="", state="forgotten", client_id=event.client,
                    durable=event.durable,
                )  # fmt: skip
            case "committed" | "rolled-back":
                done = event.event == "committed"
                for consumer, key in self._in_transaction.pop(event.transaction, ()):
                    if done:
                        self._pending.get(consumer, _Pending()).take(key)
                yield TransactionEnded(t=t, broker=self._broker, transaction=event.transaction, committed=done)

    def _consumer(self, event: Event, t: float) -> ConsumerSeen:
        known = event
        if event.event == "subscribed":
            self._consumers[event.consumer] = event
        else:
            known = self._consumers.pop(event.consumer, event)
            self._pending.pop(event.consumer, None)
        return ConsumerSeen(
            t=t, broker=self._broker, consumer=event.consumer, state=event.event, destination=known.destination,
            client_id=known.client, user=known.user, connection=known.connection,
            selector=known.selector.removeprefix(_OF_STOMP),
            durable=known.durable, over=known.over, network=known.network, browser=known.browser, error=event.error,
            no_local=known.no_local,
        )  # fmt: skip

    def _sent(self, event: Event, t: float, took: float | None) -> MessageSeen:
        lifetime = None if event.lifetime is None else event.lifetime / _MILLISECONDS
        return MessageSeen(
            t=t, broker=self._broker, event="sent", message=event.message, destination=event.destination,
            client_id=event.client, over=event.over, network=event.network, persistent=event.persistent,
            retain=event.retain, bytes=event.bytes, digest=event.digest or None, lifetime=lifetime,
            original=event.original, correlation=event.correlation, transaction=event.transaction, took=took,
            why=event.error or event.cause,
        )  # fmt: skip

    def _dispatched(self, event: Event, t: float) -> MessageSeen:
        self._pending.setdefault(event.consumer, _Pending()).add(event)
        return self._message(event, t, retain=event.retained, redelivered=event.redelivered)

    def _acknowledged(self, event: Event, t: float) -> Iterator[Observation]:
        """Yield one observation for each message that an acknowledgement is of."""
        name = {"one": "acknowledged", "all": "acknowledged", "poison": "rejected"}.get(event.kind)
        if name is None:  # it moves the consumer's window, or another event has it already
            return
        pending = self._pending.get(event.consumer, _Pending())
        keys = self._keys(event, pending)
        for key in keys:
            retained = pending.is_retained(key)
            if event.transaction:
                self._in_transaction.setdefault(event.transaction, []).append((event.consumer, key))
            else:
                pending.take(key)
            yield self._message(event, t, name=name, key=key, retain=retained, why=event.error)
        count = max(event.count, 1) if event.kind == "all" else 1
        if not pending.is_whole and len(keys) < count:
            missing = count - len(keys)
            yield ObserverChanged(t=t, broker=self._broker, state="lost", since=t, lost_events=missing, why=_FORGOTTEN)

    def _keys(self, event: Event, pending: _Pending) -> list[_Key]:
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

    def _message(
        self,
        event: Event,
        t: float,
        *,
        name: str = "",
        key: _Key | None = None,  # of another message than the event's
        retain: bool = False,
        redelivered: int = 0,
        why: str = "",
    ) -> MessageSeen:
        consumer = self._consumers.get(event.consumer)
        message, destination, _ = key or (event.message, event.destination, 0)
        return MessageSeen(
            t=t, broker=self._broker, event=name or event.event, message=message, destination=destination,
            consumer=event.consumer, client_id="" if consumer is None else consumer.client,
            over="" if consumer is None else consumer.over, network=consumer is not None and consumer.network,
            retain=retain, transaction=event.transaction, automatic=event.automatic, redelivered=redelivered, why=why,
        )  # fmt: skip
