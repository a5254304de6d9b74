"""What is still to come: messages accepted by a broker that someone who listens has not received yet.

It takes Observations as they are recorded, which costs next to nothing, and adds them up when asked, or many wait.
It decides how long to listen, and nothing else: what all of it means is the judge's to say.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from threading import Lock

from lab.activemq.destinations import hears
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

_ACCEPTED, _RECEIVED = 1, 2
_MOST_WAITING = 5_000  # observations that are kept in memory until they are added up


class _Audience:
    """One subscription of a topic, or all of one queue, which share its messages."""

    def __init__(self, destination: str) -> None:
        self.destination = destination
        self.brokers: dict[str, str] = {}  # by client that listens now, or for which a broker keeps what comes
        self.away: set[str] = set()  # of these, who is not there
        self.durable: set[str] = set()
        self.selectors: dict[str, str | None] = {}  # by client
        self.pending: dict[str, list[tuple[int, int]]] = {}  # by client: what it has and has not acknowledged
        self.marks: dict[int, bytearray] = {}  # by step whose messages carry their id
        self.begins: dict[int, int] = {}  # by step that was sending already: the first number that is owed
        self.missing = 0
        self.accepted = 0  # of bodies that were given, which are only counted
        self.received = 0
        self.doubtful = False  # some given body may or may not have been accepted: counting cannot tell
        self.digests: Counter[str] = Counter()

    @property
    def content(self) -> bool:
        """Return whether nothing more is owed."""
        counted = self.accepted <= self.received and not (self.doubtful and self.accepted)
        return self.brokers.keys() <= self.away or (self.missing == 0 and counted)

    def give_back(self, client: str) -> None:
        """Let what a client has not acknowledged be owed again."""
        for step, number in self.pending.pop(client, ()):
            marks = self.marks.get(step)
            if marks is not None and number < len(marks) and marks[number] & _RECEIVED:
                marks[number] &= ~_RECEIVED
                self.missing += marks[number] == _ACCEPTED


class Outstanding:
    """A Recorder that counts per sending step and audience; safe from any thread."""

    def __init__(
        self,
        carries: Callable[[str, str], bool],
        spared: Callable[[str, str], bool] = lambda client, destination: False,
    ) -> None:
        self._carries = carries  # from one broker to another, by whatever bridges there are
        self._spared = spared  # clients to whom nothing of a destination is to come
        self._new: deque[Observation] = deque()
        self._audiences: dict[str, _Audience] = {}
        self._owing: dict[int, tuple[_Audience, ...]] = {}  # by step: those who listened when it began
        self._given: set[int] = set()
        self._growing: dict[int, Publishing] = {}  # steps whose messages nobody could count before
        self._sent: dict[int, int] = {}  # by such a step: the last number sent
        self._digests: Counter[str] = Counter()
        self._last_sent = 0.0
        self._turn = Lock()

    def record(self, observation: Observation) -> None:
        """Take one observation; who finds that many wait adds them up, unless somebody does so already."""
        self._new.append(observation)
        if len(self._new) > _MOST_WAITING and self._turn.acquire(blocking=False):
            try:
                self._add_up()
            finally:
                self._turn.release()

    @property
    def last_sent(self) -> float:
        """Return when the last message was sent."""
        with self._turn:
            self._add_up()
        return self._last_sent

    def nothing(self) -> bool:
        """Return whether all has come."""
        with self._turn:
            self._add_up()
            return all(audience.content for audience in self._audiences.values())

    def _add_up(self) -> None:
        """Take in what was recorded since the last time."""
        while self._new:
            match self._new.popleft():
                case Received() as seen:
                    self._received(seen)
                case Acknowledged() as seen:
                    self._acknowledged(seen)
                case Sent() as seen:
                    self._last_sent = seen.t
                    if seen.digest is not None:
                        self._digests[seen.digest] += 1
                    if self._growing:
                        step, number = _parts(seen.id)
                        self._sent[step] = number
                case Publishing() as seen:
                    self._publishing(seen)
                case Subscribed() as seen:
                    self._subscribed(seen)
                case Unsubscribed() as seen:
                    audience = self._audiences[_key(seen.client, seen.destination)]
                    audience.give_back(seen.client)
                    audience.brokers.pop(seen.client, None)
                case ClientChanged() as seen if seen.state in ("disconnected", "lost"):
                    self._gone(seen)
                case Settled() as seen:
                    self._settled(seen)

    def _publishing(self, seen: Publishing) -> None:
        """Fix who is owed the messages of a step: those who listen now, within reach; of a queue, whoever comes."""
        if seen.destination.startswith("queue://"):
            self._audiences.setdefault(seen.destination, _Audience(seen.destination))
        owing = tuple(audience for audience in self._audiences.values() if self._reaches(seen, audience))
        self._owing[seen.step] = owing
        if seen.count is None:
            self._growing[seen.step] = seen
        if seen.body == "given":
            self._given.add(seen.step)
            return
        for audience in owing:
            audience.marks[seen.step] = bytearray((seen.count or 0) + 1)

    def _reaches(self, publishing: Publishing, audience: _Audience) -> bool:
        """Return whether messages of a step reach an audience, or some of it."""
        return hears(audience.destination, publishing.destination) and (
            any(
                (at == publishing.broker or self._carries(publishing.broker, at))
                and _lets(audience.selectors[client], publishing)
                and (publishing.body == "given" or not self._spared(client, publishing.destination))
                for client, at in audience.brokers.items()
            )
            or (audience.destination == publishing.destination and not audience.brokers)
        )

    def _subscribed(self, seen: Subscribed) -> None:
        """Let a client listen: to traffic that goes on already it is owed what is sent from now on."""
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
                audience.begins[step] = self._sent.get(step, 0) + 1
                audience.marks[step] = bytearray()

    def _gone(self, seen: ClientChanged) -> None:
        """Owe a client that went only what its broker keeps for it, and that only when it is back."""
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
            if _parts(seen.id) in pending:
                pending.remove(_parts(seen.id))

    def _acknowledged(self, seen: Acknowledged) -> None:
        step, number = _parts(seen.id)
        for audience in self._owing.get(step, ()):
            if number < audience.begins.get(step, 0):
                continue
            if step in self._given:
                audience.accepted += seen.outcome is SendOutcome.OK
                audience.doubtful |= seen.outcome is SendOutcome.UNKNOWN
            elif seen.outcome is SendOutcome.OK:
                marks = audience.marks[step]
                if step in self._growing:
                    _reach(marks, number)
                if not marks[number] & _RECEIVED:
                    audience.missing += 1
                marks[number] |= _ACCEPTED

    def _received(self, seen: Received) -> None:
        audience = self._audiences.get(_key(seen.client, seen.destination))
        if audience is None:  # it was faster than the broker's word that we are subscribed
            audience = self._audiences[_key(seen.client, seen.destination)] = _Audience(seen.destination)
        if seen.id is None:
            self._count(audience, seen.digest or "", self._digests.get(seen.digest or "", 0))
            return
        step, number = _parts(seen.id)
        if seen.pending:
            audience.pending.setdefault(seen.client, []).append((step, number))
        if step in self._given:  # a header told the id
            self._count(audience, seen.id, 1)
            return
        marks = audience.marks.get(step)
        if step in self._growing and marks is not None and number <= MOST:
            _reach(marks, number)
        if marks is not None and number < len(marks):
            audience.missing -= marks[number] == _ACCEPTED
            marks[number] |= _RECEIVED

    @staticmethod
    def _count(audience: _Audience, name: str, sent: int) -> None:
        """Count a receipt of a body that was given, no oftener than it was sent."""
        if audience.digests[name] < sent:
            audience.digests[name] += 1
            audience.received += 1


def _lets(selector: str | None, publishing: Publishing) -> bool:
    """Return whether a selector lets a step's messages through, or may."""
    if selector is None:
        return True
    its = properties(
        publishing.headers, group=publishing.group, priority=publishing.priority, persistent=publishing.persistent
    )
    try:
        return matches(selector, its)
    except Untold:
        return True


def _reach(marks: bytearray, number: int) -> None:
    """Make room up to a message's number."""
    marks.extend(bytes(max(number + 1 - len(marks), 0)))


def _key(client: str, destination: str) -> str:
    return destination if destination.startswith("queue://") else f"{client} {destination}"


def _parts(id: str) -> tuple[int, int]:
    step, _, number = id.partition("-")
    return int(step), int(number)
