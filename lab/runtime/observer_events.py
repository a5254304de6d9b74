"""The events of a broker's observer → observations. Pure.

The events are those of docker/broker/observer. A simulated broker makes the same events from its models.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from msgspec import Struct

from lab.history import ConnectionSeen, ConsumerSeen, MessageSeen, Observation, TransactionEnded

_MOST_UNACKNOWLEDGED = 100_000  # dispatched messages of one consumer that are remembered
_MILLISECONDS = 1e3
ENDED = "its process ended or does not answer, perhaps with events that were not read"
FULL = "its buffer of events was full"
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
    message: str = ""
    producer: str = ""
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
    first: str = ""
    count: int = 0
    automatic: bool = False


class Translator:
    """Makes observations of one process of a broker from its events; it knows the consumers and their messages."""

    def __init__(self, broker: str) -> None:
        self._broker = broker
        self._consumers: dict[str, Event] = {}
        # Dispatched and not acknowledged, by consumer: an acknowledgement of several names only the last of them.
        self._pending: dict[str, OrderedDict[tuple[str, str], Event]] = {}
        self._in_transaction: dict[str, list[tuple[str, tuple[str, str]]]] = {}  # consumers and keys of _pending

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
                self._pending.get(event.consumer, OrderedDict()).pop((event.message, event.destination), None)
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
                        self._pending.get(consumer, OrderedDict()).pop(key, None)
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
        pending = self._pending.setdefault(event.consumer, OrderedDict())
        pending[event.message, event.destination] = event
        pending.move_to_end((event.message, event.destination))  # a redelivery comes after those that it had passed
        if len(pending) > _MOST_UNACKNOWLEDGED:
            pending.popitem(last=False)
        return self._message(event, t, retain=event.retained, redelivered=event.redelivered)

    def _acknowledged(self, event: Event, t: float) -> Iterator[MessageSeen]:
        """Yield one observation for each message that an acknowledgement covers."""
        name = {"one": "acknowledged", "all": "acknowledged", "poison": "rejected"}.get(event.kind)
        if name is None:  # it moves the consumer's window, or another event has it already
            return
        pending = self._pending.get(event.consumer, OrderedDict())
        for key in self._keys(event, pending):
            dispatched = pending.get(key)
            if event.transaction:
                self._in_transaction.setdefault(event.transaction, []).append((event.consumer, key))
            else:
                pending.pop(key, None)
            retained = dispatched is not None and dispatched.retained
            yield self._message(event, t, name=name, key=key, retain=retained, why=event.error)

    def _keys(self, event: Event, pending: OrderedDict[tuple[str, str], Event]) -> list[tuple[str, str]]:
        """Return the message and destination of each message that an acknowledgement covers, oldest first."""
        key = (event.message, event.destination)
        if key not in pending:  # a consumer of a pattern names that as its destination
            key = next((its for its in pending if its[0] == event.message), key)
        if key not in pending:
            consumer = self._consumers.get(event.consumer)
            pattern = consumer is not None and any(sign in consumer.destination for sign in "*>")
            return [] if pattern else [key]  # of a pattern's messages only the observed ones were dispatched here
        if event.kind != "all" or event.count < 2:
            return [key]
        order = list(pending)
        end = order.index(key) + 1
        return order[max(0, end - event.count) : end]

    def _message(
        self,
        event: Event,
        t: float,
        *,
        name: str = "",
        key: tuple[str, str] | None = None,  # of another message than the event's
        retain: bool = False,
        redelivered: int = 0,
        why: str = "",
    ) -> MessageSeen:
        consumer = self._consumers.get(event.consumer)
        message, destination = key or (event.message, event.destination)
        return MessageSeen(
            t=t, broker=self._broker, event=name or event.event, message=message, destination=destination,
            consumer=event.consumer, client_id="" if consumer is None else consumer.client,
            over="" if consumer is None else consumer.over, network=consumer is not None and consumer.network,
            retain=retain, transaction=event.transaction, automatic=event.automatic, redelivered=redelivered, why=why,
        )  # fmt: skip
