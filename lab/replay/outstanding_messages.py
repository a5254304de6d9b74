"""Outstanding messages: accepted by a broker, and not yet received by every audience that is owed them.

Observations are queued as they are recorded, which costs next to nothing, and counted when the count is asked for, or
when many are queued. The count decides how long a replay listens, and nothing else: judging is the judge's.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from lab.activemq.destinations import hears, parts_of
from lab.activemq.selectors import Untold, matches, properties
from lab.history import (
    Acknowledged,
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
from lab.matching import MOST
from lab.runtime.lock import Lock

_OK = SendOutcome.OK  # asked of an Enum for each message, it would cost as much as the rest
_ACCEPTED, _RECEIVED = 1, 2
_AHEAD = 1_000  # marks that are made at once
_MOST_QUEUED = 5_000  # observations that are kept in memory until they are counted


class _Audience:
    """The receivers of a message: one subscription of a topic, or all subscriptions of a queue, which share it."""

    def __init__(self, destination: str) -> None:
        self.destination = destination
        self.brokers: dict[str, str] = {}  # by client that is subscribed, also while its broker keeps that
        self.away: set[str] = set()  # of these clients, those not connected
        self.durable: set[str] = set()
        self.selectors: dict[str, str | None] = {}  # by client
        self.pending: dict[str, list[tuple[str, int]]] = {}  # by client: (step, number) received and not acknowledged
        self.marks: dict[str, bytearray] = {}  # by step whose messages carry their id: flags by number
        self.begins: dict[str, int] = {}  # by step that was sending before the subscription: the first number owed
        self.missing = 0  # messages accepted and not received
        self.accepted = 0  # messages with a given body, which are only counted
        self.received = 0
        self.doubtful = False  # whether the acceptance of a given body is unknown: then counting cannot decide
        self.digests: Counter[str] = Counter()

    @property
    def complete(self) -> bool:
        """Return whether no message is owed."""
        if self.missing == 0 and self.accepted <= self.received and not (self.doubtful and self.accepted):
            return True
        return self.brokers.keys() <= self.away

    def give_back(self, client: str) -> None:
        """Count the messages that a client has not acknowledged as owed again."""
        for step, number in self.pending.pop(client, ()):
            marks = self.marks.get(step)
            if marks is not None and number < len(marks) and marks[number] & _RECEIVED:
                marks[number] &= ~_RECEIVED
                self.missing += marks[number] == _ACCEPTED


class Outstanding:
    """A Recorder that counts messages by sending step and audience; thread-safe."""

    def __init__(
        self,
        carries: Callable[[str, str], bool],
        claimed: Callable[[str, str], bool | None] = lambda client, destination: None,
    ) -> None:
        self._carries = carries  # whether bridges carry messages from one broker to another
        self._claimed = claimed  # whether a client is claimed to receive what is sent to a destination; None: no claim
        self._queued: deque[Observation] = deque()
        self._audiences: dict[str, _Audience] = {}
        self._owing: dict[str, tuple[_Audience, ...]] = {}  # by step: its audiences when it began
        self._given: set[str] = set()  # steps whose messages have a given body
        self._growing: dict[str, Publishing] = {}  # steps whose number of messages is not known before
        self._sent: dict[str, str] = {}  # by such a step: the last number sent
        self._digests: Counter[str] = Counter()
        self._last_sent = self._last_received = 0.0
        self._lock = Lock()
        self._counts: Mapping[type[Observation], Callable[[Any], None]] = {
            Publishing: self._publishing,
            Sent: self._sent_one,
            Acknowledged: self._acknowledged,
            Received: self._received,
            Settled: self._settled,
            Subscribed: self._subscribed,
            Unsubscribed: self._unsubscribed,
            ClientChanged: self._gone,
        }

    def record(self, observation: Observation) -> None:
        """Queue an observation; count all if many are queued, unless another thread is counting."""
        self._queued.append(observation)
        if len(self._queued) > _MOST_QUEUED and self._lock.acquire(blocking=False):
            try:
                self._count_queued()
            finally:
                self._lock.release()

    @property
    def last_sent(self) -> float:
        """Return when the last message was sent."""
        with self._lock:
            self._count_queued()
        return self._last_sent

    @property
    def last_received(self) -> float:
        """Return when the last message was received."""
        with self._lock:
            self._count_queued()
        return self._last_received

    def is_empty(self) -> bool:
        """Return whether every message owed has been received."""
        with self._lock:
            self._count_queued()
            for audience in self._audiences.values():  # noqa: SIM110 (asked for every message that comes meanwhile)
                if not audience.complete:
                    return False
            return True

    def _count_queued(self) -> None:
        """Count the queued observations."""
        queued, counts = self._queued, self._counts
        while queued:
            seen = queued.popleft()
            if (count := counts.get(type(seen))) is not None:
                count(seen)

    def _sent_one(self, seen: Sent) -> None:
        self._last_sent = seen.t
        if seen.digest is not None:
            self._digests[seen.digest] += 1
        if self._growing:
            step, _, number = seen.id.partition("-")
            self._sent[step] = number

    def _publishing(self, seen: Publishing) -> None:
        """Fix the audiences of a step's messages: the subscriptions in reach now; of a queue, later ones too."""
        step = str(seen.step)  # as it begins the messages' ids
        if seen.destination.startswith("queue://"):
            for part in parts_of(seen.destination):
                self._audiences.setdefault(part, _Audience(part))
        owing = tuple(audience for audience in self._audiences.values() if self._reaches(seen, audience))
        self._owing[step] = owing
        if seen.count is None:
            self._growing[step] = seen
        if seen.body == "given":
            self._given.add(step)
            return
        for audience in owing:
            audience.marks[step] = bytearray((seen.count or 0) + 1)

    def _reaches(self, publishing: Publishing, audience: _Audience) -> bool:
        """Return whether the messages of a step reach a client of an audience, or are claimed to."""
        return hears(audience.destination, publishing.destination) and (
            any(self._is_owed(publishing, client, at, audience) for client, at in audience.brokers.items())
            or (audience.destination in parts_of(publishing.destination) and not audience.brokers)
        )

    def _is_owed(self, publishing: Publishing, client: str, at: str, audience: _Audience) -> bool:
        claimed = self._claimed(client, publishing.destination)
        return (
            (at == publishing.broker or claimed is True or self._carries(publishing.broker, at))
            and _may_select(audience.selectors[client], publishing)
            and (publishing.body == "given" or claimed is not False)
        )

    def _subscribed(self, seen: Subscribed) -> None:
        """Add a client to its audience; of traffic that has begun, it is owed the messages from now on."""
        key = _key(seen.client, seen.destination)
        audience = self._audiences.setdefault(key, _Audience(seen.destination))
        audience.brokers[seen.client] = seen.broker
        audience.away.discard(seen.client)
        audience.selectors[seen.client] = seen.selector
        if seen.durable:
            audience.durable.add(seen.client)
        for step, publishing in self._growing.items():
            if audience not in self._owing[step] and self._reaches(publishing, audience):
                self._owing[step] += (audience,)
                audience.begins[step] = int(self._sent.get(step, 0)) + 1
                audience.marks[step] = bytearray()

    def _unsubscribed(self, seen: Unsubscribed) -> None:
        audience = self._audiences[_key(seen.client, seen.destination)]
        audience.give_back(seen.client)
        audience.brokers.pop(seen.client, None)

    def _gone(self, seen: ClientChanged) -> None:
        """Note that a client is away: it is owed only what its broker keeps for it, and only when it is back."""
        if seen.state not in ("disconnected", "lost"):
            return
        for audience in self._audiences.values():
            if seen.client in audience.brokers:
                audience.give_back(seen.client)
                if seen.client in audience.durable:
                    audience.away.add(seen.client)
                elif seen.state == "disconnected":
                    audience.brokers.pop(seen.client)

    def _settled(self, seen: Settled) -> None:
        audience = self._audiences.get(_key(seen.client, seen.destination))
        if audience is not None and seen.id is not None and seen.outcome is not SendOutcome.FAILED:
            pending = audience.pending.get(seen.client, [])
            if _split_id(seen.id) in pending:
                pending.remove(_split_id(seen.id))

    def _acknowledged(self, seen: Acknowledged) -> None:
        step, number = _split_id(seen.id)
        for audience in self._owing.get(step, ()):
            if audience.begins and number < audience.begins.get(step, 0):
                continue
            if step in self._given:
                audience.accepted += seen.outcome is _OK
                audience.doubtful |= seen.outcome is SendOutcome.UNKNOWN
            elif seen.outcome is _OK:
                marks = audience.marks[step]
                if number >= len(marks) and step in self._growing:
                    _extend(marks, number)
                mark = marks[number]
                audience.missing += not mark & _RECEIVED
                marks[number] = mark | _ACCEPTED

    def _received(self, seen: Received) -> None:
        self._last_received = seen.t
        key = _key(seen.client, seen.destination)
        if (audience := self._audiences.get(key)) is None:  # it came before the broker confirmed the subscription
            audience = self._audiences[key] = _Audience(seen.destination)
        if seen.id is None:
            self._count(audience, seen.digest or "", self._digests.get(seen.digest or "", 0))
            return
        step, number = _split_id(seen.id)
        if seen.pending:
            audience.pending.setdefault(seen.client, []).append((step, number))
        if step in self._given:  # the id was in a header
            self._count(audience, seen.id, 1)
            return
        if (marks := audience.marks.get(step)) is None:
            return
        if len(marks) <= number <= MOST and step in self._growing:
            _extend(marks, number)
        if number < len(marks):
            mark = marks[number]
            audience.missing -= mark == _ACCEPTED
            marks[number] = mark | _RECEIVED

    @staticmethod
    def _count(audience: _Audience, name: str, sent: int) -> None:
        """Count a received message with a given body, at most as often as it was sent."""
        if audience.digests[name] < sent:
            audience.digests[name] += 1
            audience.received += 1


def _may_select(selector: str | None, publishing: Publishing) -> bool:
    """Return whether a selector may select a step's messages."""
    if selector is None:
        return True
    its = properties(
        publishing.headers,
        group=publishing.group,
        priority=publishing.priority,
        persistent=publishing.persistent,
        varying=publishing.varying,
    )
    try:
        return matches(selector, its)
    except Untold:
        return True


def _extend(marks: bytearray, number: int) -> None:
    """Extend the marks to a message's number, and those of the next messages."""
    marks.extend(bytes(number + _AHEAD - len(marks)))


def _key(client: str, destination: str) -> str:
    return destination if destination.startswith("queue://") else f"{client} {destination}"


def _split_id(id: str) -> tuple[str, int]:
    step, _, number = id.partition("-")
    return step, int(number)
