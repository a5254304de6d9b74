"""A client's callbacks; thread-safe. Records each event, keeps what is to be acknowledged, wakes the waiting step."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from lab.history import Acknowledged, Received, SendOutcome
from lab.matching import identify
from lab.replay.stage import Replayed, Stage
from lab.runtime.lock import Lock
from lab.runtime.messages import Destination, Incoming

PATIENCE = 30.0  # seconds without a new outcome after which the rest counts as unknown


class Unsettled(NamedTuple):
    """A message that was received and awaits an acknowledgement."""

    token: str
    destination: Destination
    id: str | None
    digest: str | None


class Callbacks:
    """The events of one connection of one client."""

    def __init__(self, rehearsal: Replayed, client: str) -> None:
        self._rehearsal = rehearsal
        self._client = client
        self._record = rehearsal.record
        self._clock, self._start = rehearsal.clock, rehearsal.start
        self.outcomes: Counter[SendOutcome] = Counter()
        self.notes: dict[str, None] = {}  # distinct notes of sends that were not ok
        self.answered = 0  # sends with an outcome
        self.received_count = 0  # messages
        self.untaken: deque[Unsettled] = deque()  # received, for a consume step
        self.unsettled: dict[str, Unsettled] = {}  # by token, in order of receipt; taken ones included
        self.last_outcome = 0.0
        self._named: tuple[Destination | None, str] = None, ""  # the last message's destination, and its name
        self.expected: int | None = None  # the number of sends, once it is known
        self.lost_because: str | None = None
        self.answer: Callable[[str, Destination], None] | None = None  # of a client that replies to requests
        self._on_lost: Callable[[], None] = _do_nothing
        self._loss_lock = Lock()

    @property
    def all_answered(self) -> bool:
        """Return whether every send has its outcome."""
        return self.answered == self.expected

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Record the outcome of a send."""
        now = self._clock.now() - self._start
        record = self._record
        record(Acknowledged(t=now, id=id, outcome=outcome, note=note))
        if note:
            self.notes[note] = None
        self.last_outcome = now
        self.outcomes[outcome] += 1
        self.answered += 1
        if self.answered == self.expected:
            self._rehearsal.clock.notify()

    def received(self, message: Incoming) -> None:
        """Record a received message, and keep it if it awaits an acknowledgement."""
        self.received_count += 1
        now = self._clock.now() - self._start
        destination, body, headers, retained, redelivered, token, reply_to, _ = message
        if (named := self._named)[0] is not destination:  # mostly all come for one subscription
            named = self._named = destination, str(destination)
        id, digest = identify(body, headers, self._rehearsal.run)  # noqa: A001 (its name everywhere)
        record = self._record
        record(
            Received(
                t=now,
                client=self._client,
                destination=named[1],
                id=id,
                digest=digest,
                retained=retained,
                redelivered=redelivered,
                pending=token is not None,
            )
        )
        if reply_to is not None and id is not None and self.answer is not None:
            self.answer(id, reply_to)
        if token is not None:
            self.unsettled[token] = waiting = Unsettled(token, destination, id, digest)
            self.untaken.append(waiting)
            self._rehearsal.clock.notify()

    def lost(self, why: str) -> None:
        """Record the loss of the connection."""
        with self._loss_lock:
            self.lost_because, on_lost = why, self._on_lost
        self._rehearsal.trouble(self._client, why)
        on_lost()
        self._rehearsal.clock.notify()

    def when_lost(self, do: Callable[[], None]) -> None:
        """Call `do` once when the connection is lost, or now if it has been."""
        with self._loss_lock:
            self._on_lost, already = do, self.lost_because is not None
        if already:
            do()

    def broke(self, error: Exception) -> None:
        """End the replay by an error inside the client."""
        self._rehearsal.fail(error)


def await_outcomes(stage: Stage, callbacks: Callbacks) -> None:
    """Wait until every send has its outcome, or PATIENCE seconds pass without one."""
    since = stage.now()

    def left() -> float:
        return max(since, callbacks.last_outcome) + PATIENCE - stage.now()

    while not stage.wait(lambda: callbacks.all_answered, left(), of_messages=False):
        if left() <= 0:
            stage.trouble("publisher", f"no acknowledgement came for {PATIENCE:g} s; what is in flight is unknown")
            return


def _do_nothing() -> None:
    pass
