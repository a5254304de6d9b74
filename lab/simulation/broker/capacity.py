"""The rate at which a broker takes messages.

Above the measured rates, and where models store more slowly than brokers, the results are outside the calibrated
range, and the history records that.
"""

from __future__ import annotations

from lab.simulation.broker.calibrated_range import Tell
from lab.simulation.broker.limits import MIB
from lab.simulation.broker.message import Message
from lab.simulation.kernel import SECOND

# A burst of 2,500 over a bridge took 0.28 ms each, which is 3,570 a second; only a shorter one, of one broker, was
# quicker.
MESSAGES = 3000
# Two brokers with wide windows stored and forwarded 247 messages of 100 KiB a second over 70 ms, which is 25.3 MB.
PERSISTENT = 25 * MIB
# ns: one connection brought a broker's first 900 persistent messages into a queue in 0.95 s, and after some thousands
# 1,900 a second; models take 0.85 s, and bring 1,390 a second from then on, which is too slow for a long burst.
PATIENCE = 2 * SECOND


class Capacity:
    """The messages that one process has taken within a second, which begins with a message."""

    def __init__(self, broker: str, leave_range: Tell) -> None:
        self._broker, self._leave_range = broker, leave_range
        self._since, self._until = -SECOND, 0  # ns
        self._messages = self._persistent = 0
        self._left = False  # once something was told

    def take(self, message: Message, now: int) -> None:
        """Count a message; report, once, if there are more than brokers took in measurements."""
        if self._left:
            return
        if now >= self._until:
            self._since, self._until, self._messages, self._persistent = now, now + SECOND, 0, 0
        self._messages += 1
        if message.persistent:
            self._persistent += len(message.body)
        if self._messages > MESSAGES:
            self._leave(f"{MESSAGES:,} messages")
        elif self._persistent > PERSISTENT:
            self._leave(f"{PERSISTENT // MIB} MiB of persistent messages")

    def fall_behind(self, since: int) -> None:
        """Report, once, that a connection's messages have waited for the store for PATIENCE, and since when, in ns."""
        if not self._left:
            self._left = True
            seconds = PATIENCE // SECOND
            self._leave_range(
                f"{self._broker} stored the messages of one connection more slowly than they came, for {seconds} s",
                since,
            )

    def _leave(self, reason: str) -> None:
        self._left = True
        self._leave_range(f"{self._broker} takes more than {reason} within a second", self._since)
