"""The real clock of a lab: monotonic seconds, and waiting that wakes at once when told that something happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_LOOK_EVERY = 0.05  # seconds between two looks at a condition when nobody notifies


class RealClock:
    """Seconds since `origin`, a moment of the machine's monotonic clock; the one at which it is made if left out."""

    def __init__(self, origin: float | None = None) -> None:
        self.origin = time.monotonic() if origin is None else origin
        self._happened = threading.Condition()
        self._waiting = 0
        self._count = 0

    def now(self) -> float:
        """Return the seconds since the clock began."""
        return time.monotonic() - self.origin

    def moment(self, monotonic: int, asked: float) -> float:
        """Return when the router says that it did what it was asked to, in ns of its own clock.

        It shares this kernel's monotonic clock, except where the engine runs in a virtual machine of its own; then it
        is now.
        """
        t, now = monotonic / 1e9 - self.origin, self.now()
        return t if asked <= t <= now else now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        if seconds > 0:
            time.sleep(seconds)

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Let time pass until the condition holds, and tell whether it did in time."""
        end = time.monotonic() + seconds
        with self._happened:
            self._waiting += 1
        try:
            while True:
                seen = self._count
                if until():  # outside the lock: looking may take long, and must not hold up those who notify
                    return True
                with self._happened:
                    if (left := end - time.monotonic()) <= 0:
                        return False
                    if self._count == seen:
                        self._happened.wait(min(left, _LOOK_EVERY))
        finally:
            with self._happened:
                self._waiting -= 1

    def begin(self, name: str, work: Callable[[], None]) -> None:
        """Let something go on beside the caller, in a thread that does not keep the program alive."""
        threading.Thread(target=work, name=name, daemon=True).start()

    def notify(self) -> None:
        """Wake whoever waits; costs next to nothing when nobody does."""
        if self._waiting:
            with self._happened:
                self._count += 1
                self._happened.notify_all()
