"""A messaging client for programs, whose calls return when they are done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

from lab.activemq.destinations import as_shown, has_wildcard, prefixed, why_not_as_shown
from lab.activemq.protocols import protocol
from lab.clients.base import ANSWER_WITHIN
from lab.errors import BrokerError, InputError, LabTimeout
from lab.history import SendOutcome
from lab.living.client_record import ClientRecord, without_id
from lab.living.pipeline import Pipeline
from lab.living.verb_arguments import seconds
from lab.runtime.client import Client, ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Incoming, Look, Outgoing, Terms

_SHOWN_BYTES = 60  # of a body that broke a silence
_ACKS = ("auto", "client", "client-individual")


class Conversation:
    """One connection to one broker, over one protocol, as one user; it is closed with its block, or with its lab's.

    >>> with lab.connect("singapore") as singapore, lab.connect("tokyo", over="stomp") as tokyo:
    ...     singapore.subscribe(topic="prices.eur")
    ...     lab.wait(lambda: lab.demand("tokyo", topic="prices.eur"), within=60)
    ...     tokyo.publish("1.08", topic="prices.eur")
    ...     singapore.receive(within=30).body
    b'1.08'
    """

    def __init__(
        self,
        record: ClientRecord,
        connect: Callable[[ClientEvents], Client],
        clock: Clock,
        on_message: Callable[[Incoming], None] | None = None,
    ) -> None:
        self.name, self._record, self._clock = record.client, record, clock
        self._heard, self._handed_on = _Heard(clock, record, on_message), on_message is not None
        with self._trying("connect"):
            self._client = connect(self._heard)

    def __enter__(self) -> Conversation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def subscribe(
        self,
        *,
        topic: str | None = None,
        queue: str | None = None,
        qos: int = 1,
        selector: str | None = None,
        ack: str = "auto",
        prefetch: int | None = None,
        whole: bool = False,
    ) -> None:
        """Subscribe to a topic or a queue, named as in ActiveMQ (`a.b`, wildcards `*` and `>`) over every protocol.

        With `ack` "auto" a message is done once the broker has sent it, also without a call of `receive`. With
        "client-individual" it is done once it is given to `acknowledge`, with "client" all messages up to it are, and
        the broker sends at most `prefetch` messages ahead. `qos` is for MQTT; the others are for STOMP and AMQP,
        InputError over MQTT. With `whole` each message's `shown` has all properties that its protocol shows, such as
        its destination.
        """
        to = destination(topic, queue)
        terms = Terms(destination=to, qos=qos, selector=selector, ack=ack, prefetch=prefetch, whole=whole)
        _check(terms, self._record.over)
        with self._trying("subscribe", str(terms.destination)):
            self._client.subscribe(terms)
        self._record.subscribed(terms)

    def publish(
        self,
        body: str | bytes,
        *,
        topic: str | None = None,
        queue: str | None = None,
        qos: int = 1,
        persistent: bool = True,
        retained: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a message and return when the broker has confirmed it; raise BrokerError if it refuses.

        InputError for a destination with wildcards: ActiveMQ would make one of that name, which no pattern is.
        `qos` and `retained` are for MQTT; `persistent` and `headers` are for the other protocols.
        """
        given = {"qos": qos, "persistent": persistent, "retained": retained, "headers": headers or {}}
        message = self._outgoing(sending_to(topic, queue), body.encode() if isinstance(body, str) else body, given)
        self._record.sent(message.id, message.body)
        self._client.publish(message)
        self._heard.accepted(message.id, f"send to {message.destination}")

    def pipeline(
        self,
        *,
        topic: str | None = None,
        queue: str | None = None,
        qos: int = 1,
        persistent: bool = True,
        retained: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Pipeline:
        """Return a sender of many messages, which does not wait for each acknowledgement; the arguments of `publish`.

        >>> with lab.connect("tokyo", over="stomp") as tokyo, tokyo.pipeline(queue="orders") as sending:
        ...     for number in range(100):
        ...         sending.send([b"order"])
        ...     sending.finish()
        ...     sending.accepted
        100
        """
        to = sending_to(topic, queue)
        given = {"qos": qos, "persistent": persistent, "retained": retained, "headers": headers or {}}
        made = Pipeline(lambda body: self._outgoing(to, body, given), self._client.publish, self._record, self._clock)
        self._heard.pipelines.append(made)
        return made

    def _outgoing(self, to: Destination, body: bytes, given: Mapping[str, Any]) -> Outgoing:
        number, carried = self._record.sending(to, **given)
        return Outgoing(id=number, destination=to, body=body, **{**given, "headers": carried})

    def receive(self, within: float = 10.0) -> Incoming:
        """Return the next message. Raise LabTimeout if no message comes within so many seconds (default: 10).

        `stays_silent` is for a test that expects no message. BrokerError if the connection is lost.
        """
        return self._heard.next(seconds("within", within))

    def stays_silent(self, within: float) -> None:
        """Return after so many seconds in which no message came. Raise AssertionError at the first message.

        `receive` still returns that message. BrokerError if the connection is lost, InputError for a client without a
        subscription or with `on_message`: neither can show silence.

        >>> with lab.connect("singapore") as singapore, lab.connect("tokyo") as tokyo:
        ...     singapore.subscribe(topic="prices.usd")
        ...     tokyo.publish("1.08", topic="prices.eur")
        ...     singapore.stays_silent(within=5)
        """
        if self._handed_on:
            raise InputError.of(
                f"on_message takes the messages of {self.name}",
                "connect without on_message, or count the messages in on_message",
            )
        if not (self._record.listens or self._heard.lost_because):
            raise InputError.of(f"{self.name} has no subscription", "subscribe before stays_silent")
        self._heard.silence(seconds("within", within))

    def acknowledge(self, message: Incoming) -> None:
        """Acknowledge a message and return when the broker has confirmed it; raise BrokerError if it does not.

        Messages that are not acknowledged when the connection closes are delivered again.
        """
        covered = self._record.covered(message)
        if not covered:
            raise InputError.of(
                "this message does not wait for an acknowledgement",
                "subscribe with ack='client-individual', and acknowledge each message only once",
            )
        (outcome,) = self._client.acknowledge([covered[-1].token])
        for unsettled in covered:
            self._record.settled(unsettled, outcome)
        if outcome is not SendOutcome.OK:
            raise BrokerError(f"acknowledge a message of {message.destination}: {outcome}")

    def browse(self, queue: str, within: float = 10.0) -> Look:
        """Return the messages that the broker shows of a queue, where they stay; PlanError over MQTT.

        >>> with lab.connect("tokyo", over="stomp") as tokyo:
        ...     len(tokyo.browse("nothing.comes.here").messages)
        0
        """
        return self._client.browse(destination(None, queue), seconds("within", within))

    @property
    def lost_because(self) -> str:
        """Return why the connection was lost; "" while it is there, or was closed."""
        return self._heard.lost_because

    def close(self) -> None:
        """Close the connection. Harmless for a closed connection."""
        self._client.close()
        self._record.closed()

    @contextmanager
    def _trying(self, action: str, destination: str = "") -> Iterator[None]:
        begun = self._clock.now()
        try:
            yield
        except (BrokerError, LabTimeout) as error:
            self._record.failed(action, error, begun, destination)
            raise


class _Heard:
    """The messages and outcomes of a client, kept until the program asks for them."""

    def __init__(self, clock: Clock, record: ClientRecord, on_message: Callable[[Incoming], None] | None) -> None:
        self._clock, self._record, self._on_message = clock, record, on_message
        self.lost_because = ""
        self._came: deque[Incoming | Exception] = deque()
        self._outcomes: dict[str, tuple[SendOutcome, str]] = {}
        self.pipelines: list[Pipeline] = []

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        if any(pipeline.acknowledged(id, outcome, note) for pipeline in self.pipelines):
            self._clock.notify()
            return
        self._record.acknowledged(id, outcome, note)
        self._outcomes[id] = (outcome, note)
        self._clock.notify()

    def received(self, message: Incoming) -> None:
        self._record.received(message)
        (self._on_message or self._take)(without_id(message))

    def lost(self, why: str) -> None:
        self._record.lost(why)
        self.lost_because = why
        self._take(BrokerError(f"the connection was lost: {why}", "connect again"))

    def broke(self, error: Exception) -> None:
        self.lost_because = f"{type(error).__name__}: {error}"
        self._take(error)

    def accepted(self, id: str, action: str) -> None:
        if not self._clock.wait(lambda: id in self._outcomes, ANSWER_WITHIN):
            raise LabTimeout(f"{action}: no acknowledgement came for {ANSWER_WITHIN:g} s")
        outcome, note = self._outcomes.pop(id)
        if outcome is not SendOutcome.OK:
            raise BrokerError(f"{action}: {outcome}" + (f", {note}" if note else ""))

    def next(self, within: float) -> Incoming:
        taken: list[Incoming | Exception] = []

        def take() -> bool:
            if not taken:
                with suppress(IndexError):  # several threads may ask
                    taken.append(self._came.popleft())
            return bool(taken)

        if not self._clock.wait(take, within):
            raise LabTimeout(f"no message came within {within:g} s")
        (arrival,) = taken
        if isinstance(arrival, Exception):
            self._take(arrival)  # for the next call
            raise arrival
        return arrival

    def silence(self, within: float) -> None:
        begun = self._clock.now()
        if not self._clock.wait(lambda: bool(self._came), within):
            return
        first = self._came[0]
        if isinstance(first, Exception):
            raise first
        after, body = self._clock.now() - begun, repr(first.body[:_SHOWN_BYTES])
        more = f" … ({len(first.body)} bytes)" if len(first.body) > _SHOWN_BYTES else ""
        raise AssertionError(
            f"a message of {first.destination} came after {after:.3g} s, and no message was expected for {within:g} s: "
            f"{body}{more}"
        )

    def _take(self, arrival: Incoming | Exception) -> None:
        self._came.append(arrival)
        self._clock.notify()


def _check(terms: Terms, over: str) -> None:
    """Raise InputError for terms that a protocol does not have, or no broker understands."""
    if terms.ack not in _ACKS:
        raise InputError.of(f"ack={terms.ack!r} is not a way to acknowledge", f"write one of {', '.join(_ACKS)}")
    if terms.prefetch is not None and terms.prefetch < 1:
        raise InputError.of(f"prefetch={terms.prefetch} lets no message arrive", "write 1 or more")
    asked = {"selector": terms.selector, "ack": None if terms.ack == "auto" else terms.ack, "prefetch": terms.prefetch}
    for name, value in asked.items():
        if value is not None and protocol(over) == "mqtt":
            raise InputError.of(f"{name}={value!r}: MQTT has no {name}", "connect over='stomp', or over='amqp'")


def _keyword(kind: str, name: str) -> str:
    return f"{kind}={name!r}"


def sending_to(topic: str | None, queue: str | None) -> Destination:
    """Return the destination of messages; InputError for several, or for one with wildcards."""
    to = destination(topic, queue)
    if has_wildcard(str(to)):
        raise InputError.of(
            f"a message is sent to one destination, not to {to}", "write one name without the wildcards * and >"
        )
    return to


def destination(topic: str | None, queue: str | None, written: Callable[[str, str], str] = _keyword) -> Destination:
    """Return the destination that is named; raise InputError unless it is exactly one, by ActiveMQ's name for it.

    `written` returns a kind and a name as the caller writes them, for the remedy.
    """
    kind, named = ("queue", queue or "") if topic is None else ("topic", topic)
    if what := why_not_as_shown(kind, named):
        its = prefixed(named)
        right = ", or ".join(written(each, name) for each, name in as_shown(kind, named).items())
        raise InputError.of(
            what, "write a destination that is not temporary" if its is not None and its.temporary else right
        )
    if topic and queue is None:
        return Destination(kind="topic", name=topic)
    if queue and topic is None:
        return Destination(kind="queue", name=queue)
    what = "name a topic or a queue" if topic is None else "name a topic or a queue, not both"
    what = f"the {kind}'s name is empty" if "" in (topic, queue) else what
    raise InputError.of(what, f"write {written('topic', 'prices.eur')} or {written('queue', 'orders')}")
