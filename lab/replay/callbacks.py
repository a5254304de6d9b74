"""A client's callbacks; thread-safe. Records each event, keeps what is to be acknowledged, wakes the waiting step."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple, Protocol

from lab.history import Acknowledged, Observation, Received, SendOutcome
from lab.matching import identify
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Incoming


class Unsettled(NamedTuple):
    """A message that was received and awaits an acknowledgement."""

    token: str
    destination: Destination
    id: str | None
    digest: str | None


class Replayed(Protocol):
    """As much of a replay as a connection's events need."""

    run: str
    start: float  # the moment of the clock at which it began

    @property
    def clock(self) -> Clock:
        """Return the clock that it goes by."""
        ...

    @property
    def record(self) -> Callable[[Observation], None]:
        """Return what records an observation."""
        ...

    def trouble(self, who: str, what: str) -> None:
        """Record what went wrong."""
        ...

    def fail(self, error: Exception) -> None:
        """Take an error that ends the replay."""
        ...


class Callbacks:
    """The events of one connection of one client."""

    def __init__(self, rehearsal: Replayed, who: str) -> None:
        self._rehearsal = rehearsal
        self._who = who
        self._record = rehearsal.record
        self._clock_now, self._start = rehearsal.clock.now, rehearsal.start
        self.outcomes: Counter[SendOutcome] = Counter()
        self.notes: dict[str, None] = {}  # of sends that were not ok, each once
        self.told = 0
        self.heard = 0  # messages received
        self.untaken: deque[Unsettled] = deque()  # for whoever consumes
        self.unsettled: dict[str, Unsettled] = {}  # by token, in the order they came; those that were taken too
        self.last_outcome = 0.0
        self.awaited: int | None = None  # how many outcomes there will be, once that is known
        self.lost_because: str | None = None
        self._on_lost: Callable[[], None] = _nothing
        self._losing = Lock()

    @property
    def all_told(self) -> bool:
        """Return whether every send has its outcome."""
        return self.told == self.awaited

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Take the outcome of a send."""
        now = self._clock_now() - self._start
        self._record(Acknowledged(t=now, id=id, outcome=outcome, note=note))
        if note:
            self.notes[note] = None
        self.last_outcome = now
        self.outcomes[outcome] += 1
        self.told += 1
        if self.told == self.awaited:
            self._rehearsal.clock.notify()

    def received(self, message: Incoming) -> None:
        """Take a message."""
        self.heard += 1
        now = self._clock_now() - self._start
        id, digest = identify(message.body, message.headers, self._rehearsal.run)  # noqa: A001 (its name everywhere)
        token = message.token
        where = str(message.destination)
        self._record(
            Received(
                t=now,
                client=self._who,
                destination=where,
                id=id,
                digest=digest,
                retained=message.retained,
                redelivered=message.redelivered,
                pending=token is not None,
            )
        )
        if token is not None:
            self.unsettled[token] = waiting = Unsettled(token, message.destination, id, digest)
            self.untaken.append(waiting)
            self._rehearsal.clock.notify()

    def lost(self, why: str) -> None:
        """Take the end of the connection."""
        with self._losing:
            self.lost_because, on_lost = why, self._on_lost
        self._rehearsal.trouble(self._who, why)
        on_lost()
        self._rehearsal.clock.notify()

    def when_lost(self, do: Callable[[], None]) -> None:
        """Have something done when the connection ends, or now where it has: once, whoever is faster."""
        with self._losing:
            self._on_lost, already = do, self.lost_because is not None
        if already:
            do()

    def broke(self, error: Exception) -> None:
        """Take an error inside the client."""
        self._rehearsal.fail(error)


def _nothing() -> None:
    pass
