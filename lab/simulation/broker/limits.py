"""How much a broker keeps: near its limits a real one holds its producers back, which is not modelled."""

from __future__ import annotations

from lab.errors import PlanError
from lab.simulation.broker.message import HEADERS, Message
from lab.units import format_size

STORE = 512 * 2**20  # half of the limit that the lab's brokers have for their store
TRANSIENT = 128 * 2**20  # half of the same for what is not stored, and waits


class Limits:
    """The octets of all messages that wait in one process; the simulation ends where it would have to guess."""

    def __init__(self, broker: str) -> None:
        self._broker = broker
        self._stored = self._transient = 0

    def add(self, message: Message, *, stored: bool) -> None:
        """Count a message; raise PlanError if there are too many to know what a real broker would do."""
        if stored:
            self._stored += HEADERS + len(message.body)
        else:
            self._transient += HEADERS + len(message.body)
        if self._stored > STORE or self._transient > TRANSIENT:
            kind, most = ("in its store", STORE) if self._stored > STORE else ("in its memory", TRANSIENT)
            raise PlanError(
                f"more than {format_size(most)} of messages wait at {self._broker} {kind}",
                "the simulation has no model of a broker that is nearly full: run it with --runtime emulation",
            )

    def remove(self, message: Message, *, stored: bool) -> None:
        """Count a message no more."""
        if stored:
            self._stored -= HEADERS + len(message.body)
        else:
            self._transient -= HEADERS + len(message.body)
