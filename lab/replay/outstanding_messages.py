"""Outstanding messages: accepted by a broker, and not yet received by all clients that are expected to receive them.

Observations are queued as they are recorded, which is cheap, and counted when the count is needed, or
when many are queued.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from lab.history import Observation
from lab.history.expected.incremental import Expected, Missing, undecided
from lab.runtime.lock import Lock

_MOST_QUEUED = 5_000  # observations that are kept in memory until they are counted


class Outstanding:
    """A Recorder that counts the messages that are missing; thread-safe."""

    def __init__(self, carries: Callable[[str, str], bool], expected: Expected = undecided) -> None:
        """`carries` and `expected` are those of `Missing`."""
        self._missing = Missing(carries, expected)
        self._queued: deque[Observation] = deque()
        self._lock = Lock()

    def record(self, *observations: Observation) -> None:
        """Queue observations; count all if many are queued, unless another thread is counting."""
        self._queued += observations
        if len(self._queued) > _MOST_QUEUED and self._lock.acquire(blocking=False):
            try:
                self._missing.count(self._taken())
            finally:
                self._lock.release()

    @property
    def last_due(self) -> float:
        """Return the last moment at which a message was sent, or could come: at a return or a subscription."""
        return self._counted().last_due

    @property
    def last_sent(self) -> float:
        """Return when the last message was sent."""
        return self._counted().last_sent

    @property
    def last_return(self) -> float:
        """Return when a client last returned after it had left or lost its connection."""
        return self._counted().last_return

    @property
    def last_received(self) -> float:
        """Return when the last message was received."""
        return self._counted().last_received

    def is_empty(self) -> bool:
        """Return whether every message that is expected has been received."""
        with self._lock:
            self._missing.count(self._taken())
            return self._missing.none()

    def _counted(self) -> Missing:
        """Return the count, after counting the queued observations."""
        with self._lock:
            self._missing.count(self._taken())
        return self._missing

    def _taken(self) -> Iterator[Observation]:
        """Remove and yield the queued observations."""
        queued = self._queued
        while queued:
            yield queued.popleft()
