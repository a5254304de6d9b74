"""The observations of an open lab's clients, written to the lab's history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.activemq.matching import HEADER, header_value, message_id
from lab.history import BEAT
from lab.living.history import LivingHistory
from lab.runtime.client_recorder import ClientRecorder, Unsettled
from lab.runtime.clock import Clock
from lab.runtime.lock import Lock
from lab.runtime.messages import Destination, Incoming, Terms


class ClientRecord(ClientRecorder):
    """Records the actions and arrivals of one client of a program; thread-safe."""

    def __init__(self, history: LivingHistory, client: str, broker: str, over: str) -> None:
        super().__init__(client, broker, over, run=history.run, now=history.now, record=history.record)
        self._file = history.file
        self._lock = Lock()  # of the publications
        self._acks: dict[str, str] = {}  # by destination: how its subscription acknowledges, as in Terms
        self._publications: dict[tuple[object, ...], tuple[int, int]] = {}  # by terms: step, and messages so far

    @property
    def listens(self) -> bool:
        """Return whether the client has a subscription."""
        return bool(self._acks)

    def subscribed(self, terms: Terms) -> None:
        """Record that the broker accepted a subscription."""
        self._acks[str(terms.destination)] = terms.ack
        self._file.number(lambda step: self.subscription(terms, step))

    def sending(
        self, to: Destination, *, qos: int, persistent: bool, retained: bool, headers: Mapping[str, str]
    ) -> tuple[str, Mapping[str, str]]:
        """Return the id of the next message, and its headers together with the one that carries the id."""
        own = dict(headers)
        key = (to, self.kept(qos, persistent), retained, *sorted(own.items()))
        terms: dict[str, Any] = {"qos": qos, "persistent": persistent, "retained": retained, "headers": own}
        with self._lock:
            step, count = self._publications.get(key) or (
                self._file.number(lambda step: self.publishing(step, str(to), body="given", **terms)),
                0,
            )
            self._publications[key] = step, count + 1
        id = message_id(step, count + 1)  # noqa: A001 (its name everywhere)
        return id, {**own, HEADER: header_value(self.run, id)}

    def covered(self, message: Incoming) -> Sequence[Unsettled]:
        """Return the messages that an acknowledgement of a message covers; none if it awaits no acknowledgement."""
        token = message.token
        if token is None or (received := self.unsettled.get(token)) is None:
            return ()
        last = Unsettled(token, received)
        return self.up_to(last) if self._acks.get(received.destination) == "client" else (last,)

    def lost(self, why: str) -> None:
        """Record that the connection is lost."""
        self.changed("lost", why)
        self._acks.clear()

    def listening(self) -> None:
        """Record that the client still has its subscriptions, if it has any."""
        if self._acks:
            self.changed("listening")

    def closed(self) -> None:
        """Record that the client closed its connection, which ends its subscriptions."""
        while self._acks:
            self.unsubscribed(self._acks.popitem()[0])


def without_id(message: Incoming) -> Incoming:
    """Return a message without the header that carries its id, as its sender wrote it."""
    return message._replace(headers={name: value for name, value in message.headers.items() if name != HEADER})


class Records:
    """The records of one program's clients; which of them still listen is recorded every few seconds."""

    def __init__(self, history: LivingHistory, clock: Clock) -> None:
        self._history, self._clock = history, clock
        self._records: list[ClientRecord] = []
        self._begun = self._over = False

    def of(self, client: str, broker: str, over: str) -> ClientRecord:
        """Return the record of a new client."""
        record = ClientRecord(self._history, client, broker, over)
        self._records.append(record)
        if not self._begun:
            self._begun = True
            self._clock.begin("mqlab-listening", self._keep)
        return record

    def beat(self) -> None:
        """Record now which clients still listen."""
        for record in tuple(self._records):
            record.listening()

    def close(self) -> None:
        """Stop recording which clients listen."""
        self._over = True

    def _keep(self) -> None:
        while not self._over:
            self._clock.sleep(BEAT)
            if not self._over:
                self.beat()
