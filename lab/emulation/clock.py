"""The real clock of a lab: monotonic seconds, and waiting that wakes at once when notified."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_LOOK_EVERY = 0.05  # seconds between two tests of a condition without a notification


class RealClock:
    """Seconds since `origin`, a moment of the machine's monotonic clock; since its creation if left out."""

    def __init__(self, origin: float | None = None) -> None:
        self.origin = time.monotonic() if origin is None else origin
        self._happened = threading.Condition()
        self._waiting = 0
        self._count = 0

    def now(self) -> float:
        """Return the seconds since the clock began."""
        return time.monotonic() - self.origin

    def moment(self, monotonic: int, asked: float) -> float:
        """Return a moment of the router, in ns of its monotonic clock, as seconds of this clock.

        The router shares this kernel's monotonic clock, unless the engine runs in a virtual machine of its own: a
        moment that is not between `asked`, the moment of the request, and now is replaced by now.
        """
        t, now = monotonic / 1e9 - self.origin, self.now()
        return t if asked <= t <= now else now

    def sleep(self, seconds: float) -> None:
        """Sleep for so many seconds."""
        if seconds > 0:
            time.sleep(seconds)

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds, at most so many seconds; return whether it holds."""
        end = time.monotonic() + seconds
        with self._happened:
            self._waiting += 1
        try:
            while True:
                seen = self._count
                if until():  # outside the lock: a test may take long, and must not hold up `notify`
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
        """Run `work` in a thread that does not keep the program alive."""
        threading.Thread(target=work, name=name, daemon=True).start()

    def notify(self) -> None:
        """Wake all waiting threads; nearly free when there are none."""
        if self._waiting:
            with self._happened:
                self._count += 1
                self._happened.notify_all()
