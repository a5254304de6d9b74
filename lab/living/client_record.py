"""The observations of an open lab's clients, written to the lab's history.

A message is recorded before it is sent, so that its delivery never comes first. Bodies are not kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile

from lab.activemq.protocols import protocol
from lab.errors import BrokerError, LabTimeout
from lab.history import (
    BEAT,
    Acknowledged,
    Approached,
    ClientChanged,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Settled,
    Subscribed,
    Unsubscribed,
)
from lab.living.history import LivingHistory
from lab.masking import is_secret
from lab.matching import HEADER, digest, digest_as_text, header_value, identify, message_id
from lab.runtime.clock import Clock
from lab.runtime.lock import Lock
from lab.runtime.messages import Destination, Incoming, Terms


class ClientRecord:
    """Records what one client does and receives; thread-safe."""

    def __init__(self, history: LivingHistory, client: str, broker: str, over: str) -> None:
        self._history = history
        self.client, self._broker, self.over = client, broker, over
        self._one = Lock()
        self._listening: dict[str, str] = {}  # by destination: how it acknowledges, as in Terms
        self._unsettled: dict[str, Received] = {}  # by token, in order of receipt
        self._publications: dict[tuple[object, ...], tuple[int, int]] = {}  # by terms: step, and messages so far

    def failed(self, what: str, error: BrokerError | LabTimeout, begun: float, destination: str = "") -> None:
        """Record a failed attempt to connect, or to subscribe to a destination; `begun` is when it began."""
        now = self._history.now()
        self._history.record(
            Approached(
                t=now,
                client=self.client,
                broker=self._broker,
                over=self.over,
                what=what,
                outcome=error.how,
                took=round(now - begun, 6),
                destination=destination,
                note=error.what,
            )
        )

    def subscribed(self, terms: Terms) -> None:
        """Record that the broker accepted a subscription."""
        destination = str(terms.destination)
        self._listening[destination] = terms.ack
        self._history.file.number(
            lambda step: Subscribed(
                t=self._history.now(),
                client=self.client,
                broker=self._broker,
                over=self.over,
                destination=destination,
                step=step,
                selector=terms.selector,
                ack=terms.ack,
            )
        )

    def sending(
        self, to: Destination, *, qos: int, persistent: bool, retained: bool, headers: Mapping[str, str]
    ) -> tuple[str, Mapping[str, str]]:
        """Return the id of the next message, and its headers together with the one that carries the id."""
        kept = qos > 0 if protocol(self.over) == "mqtt" else persistent
        key = (to, kept, retained, *sorted(headers.items()))

        def publishing(step: int) -> Publishing:
            return Publishing(
                t=self._history.now(),
                step=step,
                client=self.client,
                broker=self._broker,
                over=self.over,
                destination=str(to),
                persistent=kept,
                body="given",
                retained=retained,
                headers={name: text for name, text in headers.items() if not is_secret(name)},
                varying=tuple(sorted(filter(is_secret, headers))),
            )

        with self._one:
            step, count = self._publications.get(key) or (self._history.file.number(publishing), 0)
            self._publications[key] = step, count + 1
        id = message_id(step, count + 1)  # noqa: A001 (its name everywhere)
        return id, {**headers, HEADER: header_value(self._history.run, id)}

    def sent(self, id: str, body: bytes) -> None:
        """Record that a message is handed to the client."""
        its, text = digest(body), digest_as_text(body)
        self._history.record(Sent(t=self._history.now(), id=id, digest=its, digest_as_text=text, size=len(body)))

    def acknowledged(self, id: str, outcome: SendOutcome, note: str) -> None:
        """Record the outcome of a send."""
        self._history.record(Acknowledged(t=self._history.now(), id=id, outcome=outcome, note=note))

    def received(self, message: Incoming) -> Incoming:
        """Record a delivery, and return the message without the header that carries its id."""
        now = self._history.now()
        id, its = identify(message.body, message.headers, self._history.run)  # noqa: A001 (its name everywhere)
        seen = Received(
            t=now,
            client=self.client,
            destination=str(message.destination),
            id=id,
            digest=its,
            retained=message.retained,
            redelivered=message.redelivered,
            pending=message.token is not None,
        )
        self._history.record(seen)
        if message.token is not None:
            self._unsettled[message.token] = seen
        return message._replace(headers={name: value for name, value in message.headers.items() if name != HEADER})

    def covered(self, message: Incoming) -> tuple[str, ...]:
        """Return the tokens that an acknowledgement of a message covers; none if it awaits no acknowledgement."""
        token, where = message.token, str(message.destination)
        if token is None or token not in self._unsettled:
            return ()
        if self._listening.get(where) != "client":
            return (token,)
        before = takewhile(lambda each: each != token, tuple(self._unsettled))
        return (*(each for each in before if self._unsettled[each].destination == where), token)

    def settled(self, tokens: Sequence[str], outcome: SendOutcome) -> None:
        """Record the outcome of an acknowledgement, for each message that it covers."""
        for each in tokens:
            its = self._unsettled.pop(each)
            self._history.record(
                Settled(
                    t=self._history.now(),
                    client=self.client,
                    destination=its.destination,
                    id=its.id,
                    digest=its.digest,
                    outcome=outcome,
                )
            )

    def lost(self, why: str) -> None:
        """Record that the connection is lost."""
        self._changed("lost", why)
        self._listening.clear()

    def listening(self) -> None:
        """Record that the client still has its subscriptions, if it has any."""
        if self._listening:
            self._changed("listening")

    def closed(self) -> None:
        """Record that the client closed its connection, which ends its subscriptions."""
        while self._listening:
            destination, _ = self._listening.popitem()
            self._history.record(
                Unsubscribed(t=self._history.now(), client=self.client, broker=self._broker, destination=destination)
            )

    def _changed(self, state: str, note: str = "") -> None:
        self._history.record(
            ClientChanged(t=self._history.now(), client=self.client, broker=self._broker, state=state, note=note)
        )


class Records:
    """The records of one program's clients; which of them still listen is recorded every few seconds."""

    def __init__(self, history: LivingHistory, clock: Clock) -> None:
        self._history, self._clock = history, clock
        self._all: list[ClientRecord] = []
        self._begun = self._over = False

    def of(self, client: str, broker: str, over: str) -> ClientRecord:
        """Return the record of a new client."""
        made = ClientRecord(self._history, client, broker, over)
        self._all.append(made)
        if not self._begun:
            self._begun = True
            self._clock.begin("mqlab-listening", self._keep)
        return made

    def beat(self) -> None:
        """Record now which clients still listen."""
        for each in tuple(self._all):
            each.listening()

    def close(self) -> None:
        """Stop recording which clients listen."""
        self._over = True

    def _keep(self) -> None:
        while not self._over:
            self._clock.sleep(BEAT)
            if not self._over:
                self.beat()
