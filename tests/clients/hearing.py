"""What tests of clients send, and what they hear."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from lab.activemq.matching import HEADER
from lab.history import SendOutcome
from lab.runtime.messages import Destination, Incoming, Outgoing

WITHIN = 60.0
BODY = "ご注文 \x00 €".encode()


class Heard:
    """What a client told, and a way of waiting for it."""

    def __init__(self) -> None:
        self.outcomes: dict[str, tuple[SendOutcome, str]] = {}
        self.messages: list[Incoming] = []
        self.ends: list[str] = []
        self.errors: list[Exception] = []
        self._changed = threading.Condition()

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        with self._changed:
            assert id not in self.outcomes
            self.outcomes[id] = (outcome, note)
            self._changed.notify_all()

    def received(self, message: Incoming) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def lost(self, why: str) -> None:
        with self._changed:
            self.ends.append(why)
            self._changed.notify_all()

    def broke(self, error: Exception) -> None:
        self.errors.append(error)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, which may be about what others heard too."""
        end = time.monotonic() + WITHIN
        with self._changed:
            while not self._changed.wait_for(condition, 0.1):
                assert time.monotonic() < end, (self.outcomes, self.messages, self.ends, self.errors)


def message(number: int, to: Destination, *, qos: int = 1, retained: bool = False) -> Outgoing:
    return Outgoing(
        id=f"1-{number}", destination=to, body=BODY, headers={HEADER: f"run:1/1-{number}"}, qos=qos,
        persistent=qos > 0, retained=retained,
    )  # fmt: skip
