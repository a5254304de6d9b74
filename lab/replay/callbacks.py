"""A client's callbacks; thread-safe. Records each event, keeps unacknowledged messages, wakes the waiting step."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

from lab.clients.refusals import NOT_AUTHORISED, how
from lab.declare.steps.base import Login
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.replay.stage import Replayed, Stage
from lab.runtime.client_recorder import ClientRecorder, Unsettled
from lab.runtime.lock import Lock
from lab.runtime.messages import Destination, Incoming

OUTCOME_WITHIN = 30.0  # seconds without a new outcome after which the rest counts as unknown


class Callbacks:
    """The events of one connection of one client."""

    def __init__(self, stage: Replayed, client: str, login: Login) -> None:
        self._stage, self._login = stage, login
        self._clock = stage.clock
        self.recorder = ClientRecorder(
            client, login.broker, login.over, run=stage.run, now=stage.now, record=stage.record
        )
        self.outcomes: Counter[SendOutcome] = Counter()
        self.notes: dict[str, None] = {}  # distinct notes of sends that were not ok
        self.answered = 0  # sends with an outcome
        self.received_count = 0  # messages
        self.untaken: deque[Unsettled] = deque()  # received, for a consume step
        self.last_outcome = 0.0
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
        self.last_outcome = self.recorder.acknowledged(id, outcome, note)
        if note:
            self.notes[note] = None
        self.outcomes[outcome] += 1
        self.answered += 1
        if self.answered == self.expected:
            self._clock.notify()

    def received(self, message: Incoming) -> None:
        """Record a received message, and keep it if it awaits an acknowledgement."""
        self.received_count += 1
        received, token = self.recorder.received(message), message.token
        if message.reply_to is not None and received.id is not None and self.answer is not None:
            self.answer(received.id, message.reply_to)
        if token is not None:
            self.untaken.append(Unsettled(token, received))
            self._clock.notify()

    def lost(self, why: str) -> None:
        """Record the loss of the connection."""
        with self._loss_lock:
            self.lost_because, on_lost = why, self._on_lost
        self._stage.trouble(self.recorder.client, why)
        on_lost()
        self._clock.notify()

    def when_lost(self, do: Callable[[], None]) -> None:
        """Call `do` once when the connection is lost, or now if it is lost already."""
        with self._loss_lock:
            self._on_lost, already = do, self.lost_because is not None
        if already:
            do()

    def failed(self, action: str, error: BrokerError | LabTimeout, begun: float) -> None:
        """Record an attempt that ended with an error; `begun` is its moment, in seconds since the replay began."""
        self.recorder.failed(action, error, begun, self._login.destination)

    def record_unauthorised(self, begun: float) -> None:
        """Record an attempt to publish if messages were refused because the user lacks a right."""
        why = next((note for note in self.notes if how(note) == NOT_AUTHORISED), None)
        if self.outcomes[SendOutcome.FAILED] and why is not None:
            self.recorder.attempted("publish", NOT_AUTHORISED, why, begun, self._login.destination)

    def broke(self, error: Exception) -> None:
        """End the replay by an error inside the client."""
        self._stage.fail(error)


def await_outcomes(stage: Stage, callbacks: Callbacks) -> None:
    """Wait until every send has its outcome, or OUTCOME_WITHIN seconds pass without one."""
    since = stage.now()

    def left() -> float:
        return max(since, callbacks.last_outcome) + OUTCOME_WITHIN - stage.now()

    while not stage.wait(lambda: callbacks.all_answered, left(), of_messages=False):
        if left() <= 0:
            stage.trouble(
                "publisher", f"no acknowledgement came for {OUTCOME_WITHIN:g} s; messages in flight are unknown"
            )
            return


def _do_nothing() -> None:
    pass
