"""Messages with acknowledgements in flight: in order, with the number of each that was not accepted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType

from lab.clients.base import ANSWER_WITHIN, MOST_IN_FLIGHT
from lab.errors import BrokerError, LabTimeout
from lab.history import Observation, SendOutcome
from lab.living.client_record import ClientRecord
from lab.runtime.client_recorder import ClientRecorder
from lab.runtime.clock import Clock
from lab.runtime.messages import Outgoing

TOGETHER, LARGEST_TOGETHER = 10, 4096  # messages that are recorded at once, and octets of such a message


class Pipeline:
    """Sends messages without a wait for each acknowledgement; numbers count from 1. For one thread, in a `with`.

    The broker gets the messages in their order. After one that it did not accept no more are sent.
    """

    def __init__(
        self, make: Callable[[bytes], Outgoing], publish: Callable[[Outgoing], None], record: ClientRecord, clock: Clock
    ) -> None:
        self._make, self._publish, self._clock = make, publish, clock
        self._pending: dict[str, int] = {}  # by id: the number of a message without an outcome
        self._waiting = deque[Observation]()  # in their order, not yet in the history
        self._history = record
        self._record = ClientRecorder(
            record.client, record.broker, record.over, run=record.run, now=record.now, record=self._waiting.append
        )
        self._failures: dict[int, str] = {}  # by number: the outcome of a message that was not accepted
        self._in_block = False
        self.sent = self.accepted = 0

    def __enter__(self) -> Pipeline:
        self._in_block = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._in_block = False
        self._write()

    def send(self, bodies: Sequence[bytes]) -> None:
        """Send messages; BrokerError if an earlier one was not accepted, LabTimeout if no acknowledgement comes.

        They are recorded at once, which is much faster: hand over up to TOGETHER small ones. The moment of the last one
        in the history is then a millisecond or so early.
        """
        if len(self._pending) + len(bodies) > MOST_IN_FLIGHT:
            self._await(MOST_IN_FLIGHT // 2)
        if self._failures:
            self.finish()
        messages = [self._make(body) for body in bodies]
        for message in messages:
            self._record.sent(message.id, message.body)
        self._write()
        for message in messages:
            self.sent += 1
            self._pending[message.id] = self.sent
            try:
                self._publish(message)
            except (BrokerError, LabTimeout) as error:
                what = f"message {self.sent}: {error.what}; {self.so_far()}"
                raise type(error)(what, error.remedy) from error

    def finish(self) -> None:
        """Return when the broker has accepted all messages; raise BrokerError or LabTimeout if the broker does not."""
        self._await(0)
        if self._failures:
            first = min(self._failures)
            raise BrokerError(f"message {first}: {self._failures[first]}; {self.so_far()}")

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> bool:
        """Take the outcome of a message; return whether the message is of this pipeline. For any thread."""
        number = self._pending.get(id)
        if number is None:
            return False
        self._record.acknowledged(id, outcome, note)
        if outcome is SendOutcome.OK:
            self.accepted += 1
        else:
            self._failures[number] = str(outcome) + (f", {note}" if note else "")
        del self._pending[id]
        if not self._in_block:
            self._write()
        return True

    def so_far(self) -> str:
        """Return in words how many messages were accepted, how many were not, and which of these is the first."""
        missing = sorted({*self._failures, *tuple(self._pending.values())})
        if not missing:
            return f"{self.accepted} were accepted"
        if len(missing) == 1:
            return f"{self.accepted} were accepted, message {missing[0]} was not acknowledged"
        others = f"{len(missing)} were not acknowledged, the first is message {missing[0]}"
        return f"of {self.sent} messages {self.accepted} were accepted and {others}"

    def _await(self, most: int) -> None:
        """Return when at most so many messages have no outcome, or one was not accepted; LabTimeout if none comes."""
        while len(self._pending) > most and not (most and self._failures):
            before = len(self._pending)
            self._clock.wait(lambda: self._has_come(most), ANSWER_WITHIN)
            if len(self._pending) == before:
                first = min(tuple(self._pending.values()), default=self.sent)
                raise LabTimeout(f"message {first}: no acknowledgement came for {ANSWER_WITHIN:g} s; {self.so_far()}")

    def _has_come(self, most: int) -> bool:
        self._write()
        return len(self._pending) <= most or bool(most and self._failures)

    def _write(self) -> None:
        """Write the waiting observations to the history; others may come meanwhile."""
        written: list[Observation] = []
        with suppress(IndexError):
            while True:
                written.append(self._waiting.popleft())
        if written:
            self._history.record(*written)
