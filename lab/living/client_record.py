"""What one client of a standing lab does and hears, as it goes into the lab's history.

A message is written down before it leaves, so that nobody's receipt of it comes first. Bodies are never kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

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
    Subscribed,
    Unsubscribed,
)
from lab.living.history import LivingHistory
from lab.matching import HEADER, digest, header_value, identify, message_id
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Incoming, Terms


class ClientRecord:
    """Writes one client's part of a history; safe from any thread."""

    def __init__(self, history: LivingHistory, client: str, broker: str, over: str) -> None:
        self._history = history
        self.client, self._broker, self._over = client, broker, over
        self._one = Lock()
        self._listening: dict[str, None] = {}  # destinations
        self._publications: dict[tuple[object, ...], tuple[int, int]] = {}  # by terms: step, and messages so far

    def failed(self, what: str, error: BrokerError | LabTimeout, begun: float, destination: str = "") -> None:
        """Write that a broker would not have it."""
        now = self._history.now()
        self._history.record(
            Approached(
                t=now,
                client=self.client,
                broker=self._broker,
                over=self._over,
                what=what,
                outcome=error.how,
                took=round(now - begun, 6),
                destination=destination,
                note=error.what,
            )
        )

    def subscribed(self, terms: Terms) -> None:
        """Write that a broker accepted a subscription."""
        destination = str(terms.destination)
        self._listening[destination] = None
        self._history.file.number(
            lambda step: Subscribed(
                t=self._history.now(),
                client=self.client,
                broker=self._broker,
                over=self._over,
                destination=destination,
                step=step,
                selector=terms.selector,
            )
        )

    def sending(
        self, to: Destination, *, qos: int, persistent: bool, retained: bool, headers: Mapping[str, str]
    ) -> tuple[str, Mapping[str, str]]:
        """Return the id of a message that is to be sent, and the headers that carry it where they are taken along."""
        kept = qos > 0 if protocol(self._over) == "mqtt" else persistent
        key = (to, kept, retained, *sorted(headers.items()))

        def publishing(step: int) -> Publishing:
            return Publishing(
                t=self._history.now(),
                step=step,
                client=self.client,
                broker=self._broker,
                over=self._over,
                destination=str(to),
                persistent=kept,
                body="given",
                retained=retained,
                headers=dict(headers),
            )

        with self._one:
            step, count = self._publications.get(key) or (self._history.file.number(publishing), 0)
            self._publications[key] = step, count + 1
        id = message_id(step, count + 1)  # noqa: A001 (its name everywhere)
        return id, {**headers, HEADER: header_value(self._history.run, id)}

    def sent(self, id: str, body: bytes) -> None:
        """Write that a message is handed over."""
        self._history.record(Sent(t=self._history.now(), id=id, digest=digest(body)))

    def acknowledged(self, id: str, outcome: SendOutcome, note: str) -> None:
        """Write what became of a message."""
        self._history.record(Acknowledged(t=self._history.now(), id=id, outcome=outcome, note=note))

    def received(self, message: Incoming) -> Incoming:
        """Write that a message came, and return it without what was added to it."""
        now = self._history.now()
        id, its = identify(message.body, message.headers, self._history.run)  # noqa: A001 (its name everywhere)
        self._history.record(
            Received(
                t=now,
                client=self.client,
                destination=str(message.destination),
                id=id,
                digest=its,
                retained=message.retained,
                redelivered=message.redelivered,
            )
        )
        return message._replace(headers={name: value for name, value in message.headers.items() if name != HEADER})

    def lost(self, why: str) -> None:
        """Write that the connection has gone."""
        self._changed("lost", why)
        self._listening.clear()

    def listening(self) -> None:
        """Write that the client listens still, if it does."""
        if self._listening:
            self._changed("listening")

    def closed(self) -> None:
        """Write that the client has gone of its own will."""
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
    """The clients of one program; every few seconds it says which of them listen, so that their silence is known."""

    def __init__(self, history: LivingHistory, clock: Clock) -> None:
        self._history, self._clock = history, clock
        self._all: list[ClientRecord] = []
        self._begun = self._over = False

    def of(self, client: str, broker: str, over: str) -> ClientRecord:
        """Return the record of another client."""
        made = ClientRecord(self._history, client, broker, over)
        self._all.append(made)
        if not self._begun:
            self._begun = True
            self._clock.begin("mqlab-listening", self._keep)
        return made

    def beat(self) -> None:
        """Say now who listens."""
        for each in tuple(self._all):
            each.listening()

    def close(self) -> None:
        """Say it no more."""
        self._over = True

    def _keep(self) -> None:
        while not self._over:
            self._clock.sleep(BEAT)
            if not self._over:
                self.beat()
