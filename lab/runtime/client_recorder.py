"""The observations of one client: its attempts, its subscriptions, its sends, the messages that it receives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from lab.activemq.matching import digest, digest_as_text, identify
from lab.activemq.protocols import protocol
from lab.base.masking import is_secret
from lab.errors import BrokerError, LabTimeout
from lab.history import (
    Acknowledged,
    Approached,
    ClientChanged,
    Observation,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Settled,
    Subscribed,
    Unsubscribed,
)
from lab.runtime.messages import Destination, Incoming, Terms


class Unsettled(NamedTuple):
    """A message that was received and awaits an acknowledgement."""

    token: str
    received: Received


class ClientRecorder:
    """Records the actions and arrivals of one client; thread-safe. Bodies are not kept."""

    def __init__(
        self,
        client: str,
        broker: str,
        over: str,
        *,
        run: str,
        now: Callable[[], float],
        record: Callable[[Observation], None],
    ) -> None:
        self.client, self.broker, self.over = client, broker, over
        self.run, self.now, self.record = run, now, record
        self.unsettled: dict[str, Received] = {}  # by token, in the order of receipt
        self._named: tuple[Destination | None, str] = None, ""  # the last message's destination, and its name

    def attempted(self, action: str, outcome: str, note: str, begun: float, destination: str | None = None) -> None:
        """Record the outcome of an attempt to `connect`, `subscribe` or the like; `begun` is its moment."""
        now = self.now()
        self.record(
            Approached(
                t=now,
                client=self.client,
                broker=self.broker,
                over=self.over,
                what=action,
                outcome=outcome,
                took=round(now - begun, 6),
                destination=destination or "",
                note=note,
            )
        )

    def failed(
        self, action: str, error: BrokerError | LabTimeout, begun: float, destination: str | None = None
    ) -> None:
        """Record an attempt that ended with an error."""
        self.attempted(action, error.how, error.what, begun, destination)

    def subscription(self, terms: Terms, step: int) -> Subscribed:
        """Return the observation that a broker has accepted a subscription now."""
        return Subscribed(
            t=self.now(),
            client=self.client,
            broker=self.broker,
            over=self.over,
            destination=str(terms.destination),
            step=step,
            durable=terms.durable,
            selector=terms.selector,
            ack=terms.ack,
        )

    def unsubscribed(self, destination: Destination | str) -> None:
        """Record the end of a subscription."""
        self.record(Unsubscribed(t=self.now(), client=self.client, broker=self.broker, destination=str(destination)))

    def changed(self, state: str, note: str = "") -> None:
        """Record the client's new state, such as lost, returned, disconnected."""
        self.record(ClientChanged(t=self.now(), client=self.client, broker=self.broker, state=state, note=note))

    def publishing(
        self,
        step: int,
        destination: str,
        *,
        qos: int,
        persistent: bool,
        headers: Mapping[str, str],
        varying: Iterable[str] = (),
        **fields: Any,
    ) -> Publishing:
        """Return the observation that messages of a step begin now; `fields` are those that only some messages have.

        A history is shown to others: of a header with a secret it has the name alone, as of one that varies.
        """
        secret = set(filter(is_secret, headers))
        return Publishing(
            t=self.now(),
            step=step,
            client=self.client,
            broker=self.broker,
            over=self.over,
            destination=destination,
            persistent=self.kept(qos, persistent),
            headers={name: text for name, text in headers.items() if name not in secret},
            varying=tuple(sorted({*varying, *secret})),
            **fields,
        )

    def kept(self, qos: int, persistent: bool) -> bool:
        """Return whether a broker stores a message: over MQTT its quality of service decides."""
        return qos > 0 if protocol(self.over) == "mqtt" else persistent

    def sent(self, id: str, body: bytes, *, given: bool = True, sized: bool = True) -> float:
        """Record a message that is about to be sent, with a digest if the body is given; return the moment.

        It is recorded before it is sent, so that its outcome never comes first.
        """
        now = self.now()
        digests = (digest(body), digest_as_text(body)) if given else (None, None)
        size = len(body) if sized else None
        self.record(Sent(t=now, id=id, digest=digests[0], digest_as_text=digests[1], size=size))
        return now

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> float:
        """Record the outcome of a send, and return the moment."""
        now = self.now()
        self.record(Acknowledged(t=now, id=id, outcome=outcome, note=note))
        return now

    def received(self, message: Incoming) -> Received:
        """Record a message and return the observation; if the message awaits an acknowledgement, remember it."""
        now = self.now()
        destination, body, headers, retained, redelivered, token, _, _ = message
        if (named := self._named)[0] is not destination:  # most messages are for one subscription
            named = self._named = destination, str(destination)
        id, body_digest = identify(body, headers, self.run)  # noqa: A001 (its name everywhere)
        received = Received(
            t=now,
            client=self.client,
            destination=named[1],
            id=id,
            digest=body_digest,
            retained=retained,
            redelivered=redelivered,
            pending=token is not None,
        )
        self.record(received)
        if token is not None:
            self.unsettled[token] = received
        return received

    def up_to(self, last: Unsettled) -> list[Unsettled]:
        """Return the messages that an acknowledgement covers in `client` mode: `last`, and all unsettled before it."""
        covered = []
        for token, received in tuple(self.unsettled.items()):
            if received.destination == last.received.destination:
                covered.append(Unsettled(token, received))
                if token == last.token:
                    break
        return covered

    def settled(self, message: Unsettled, outcome: SendOutcome) -> None:
        """Record the outcome of an acknowledgement, for one message that it covers."""
        self.unsettled.pop(message.token, None)
        received = message.received
        self.record(
            Settled(
                t=self.now(),
                client=self.client,
                destination=received.destination,
                id=received.id,
                digest=received.digest,
                outcome=outcome,
            )
        )
