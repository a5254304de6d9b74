"""What is still to come: messages accepted by a broker that someone who listens has not received yet.

Fed while the replay runs; it decides only how long to listen. What all of it means is the judge's to say.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from lab.declare.destinations import hears

_ACCEPTED, _RECEIVED = 1, 2


class _Audience:
    """One subscription of a topic, or all of one queue, which share its messages."""

    def __init__(self, destination: str) -> None:
        self.destination = destination
        self.brokers: dict[str, str] = {}  # by client that listens now
        self.marks: dict[int, bytearray] = {}  # by step whose messages carry their id
        self.missing = 0
        self.accepted = 0  # of bodies that were given, which are only counted
        self.received = 0
        self.doubtful = False  # some given body may or may not have been accepted: counting cannot tell
        self.digests: Counter[str] = Counter()

    @property
    def content(self) -> bool:
        """Tell whether nothing more is owed."""
        return not self.brokers or (
            self.missing == 0 and self.accepted <= self.received and not (self.doubtful and self.accepted)
        )


class Outstanding:
    """Counts per publish step and audience; safe from any thread."""

    def __init__(self, carries: Callable[[str, str], bool]) -> None:
        self._carries = carries  # from one broker to another, by whatever bridges there are
        self._lock = threading.Lock()
        self._audiences: dict[str, _Audience] = {}
        self._owing: dict[int, tuple[_Audience, ...]] = {}  # by step
        self._given: set[int] = set()
        self._digests: Counter[str] = Counter()

    def subscribed(self, client: str, broker: str, destination: str) -> None:
        """Count a listener in."""
        with self._lock:
            audience = self._audiences.setdefault(_key(client, destination), _Audience(destination))
            audience.brokers[client] = broker

    def unsubscribed(self, client: str, destination: str) -> None:
        """Count a listener out; nothing is owed to an audience that nobody is left of."""
        with self._lock:
            self._audiences[_key(client, destination)].brokers.pop(client, None)

    def publishing(self, step: int, broker: str, destination: str, count: int, *, given: bool) -> None:
        """Fix who is owed the messages of a step: those who listen now, within reach."""
        with self._lock:
            owing = tuple(
                audience
                for audience in self._audiences.values()
                if hears(audience.destination, destination)
                and any(at == broker or self._carries(broker, at) for at in audience.brokers.values())
            )
            self._owing[step] = owing
            if given:
                self._given.add(step)
            else:
                for audience in owing:
                    audience.marks[step] = bytearray(count + 1)

    def sent(self, digest: str) -> None:
        """Count a body that was given."""
        with self._lock:
            self._digests[digest] += 1

    def accepted(self, id: str) -> None:
        """Count a message as owed."""
        step, number = _parts(id)
        with self._lock:
            for audience in self._owing.get(step, ()):
                if step in self._given:
                    audience.accepted += 1
                    continue
                marks = audience.marks[step]
                if not marks[number] & _RECEIVED:
                    audience.missing += 1
                marks[number] |= _ACCEPTED

    def doubtful(self, id: str) -> None:
        """Note that nobody knows whether a message was accepted."""
        step, _ = _parts(id)
        if step in self._given:
            with self._lock:
                for audience in self._owing.get(step, ()):
                    audience.doubtful = True

    def received(self, client: str, destination: str, id: str | None, digest: str | None) -> bool:
        """Count a receipt; True where it was the last that an audience waited for."""
        audience = self._audiences.get(_key(client, destination))
        if audience is None:
            return False
        with self._lock:
            if id is not None:
                step, number = _parts(id)
                marks = audience.marks.get(step)
                if marks is not None and number < len(marks):
                    before = marks[number]
                    marks[number] = before | _RECEIVED
                    if before != _ACCEPTED:
                        return False
                    audience.missing -= 1
                    return audience.missing == 0
                digest = id if step in self._given else None  # a header gave the id of a body that was given
                allowed = 1
            else:
                allowed = self._digests.get(digest or "", 0)
            if digest is None or audience.digests[digest] >= allowed:
                return False
            audience.digests[digest] += 1
            audience.received += 1
            return audience.received >= audience.accepted

    def nothing(self) -> bool:
        """Tell whether all has come."""
        with self._lock:
            return all(audience.content for audience in self._audiences.values())


def _key(client: str, destination: str) -> str:
    return destination if destination.startswith("queue://") else f"{client} {destination}"


def _parts(id: str) -> tuple[int, int]:
    step, _, number = id.partition("-")
    return int(step), int(number)
