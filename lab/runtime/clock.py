"""The clock of a lab: the protocol, and the real one; `lab.simulation.clock` has the virtual one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from lab.base.dataclass import dataclass

_POLL_SECONDS = 0.05  # seconds between two tests of a condition without a notification
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """The lab's time, real or virtual; all sleeping and waiting goes through it."""

    def now(self) -> float:
        """Return the seconds since the lab's clock began."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        ...

    def wait(self, until: Callable[[], bool], seconds: float, *, of_messages: bool = True) -> bool:
        """Wait until a condition holds, at most so many seconds; return whether it holds.

        Without `of_messages` the condition does not depend on messages, and is not tested for each of them.
        """
        ...

    def begin(self, name: str, work: Callable[[], None]) -> None:
        """Run `work` concurrently with the caller; it ends by itself, and its exceptions are not reported."""
        ...

    def notify(self) -> None:
        """Have waiting callers test their conditions at once; cheap, and callable from any thread."""
        ...


class RealClock:
    """Seconds since `origin`, a moment of the machine's monotonic clock. Default: the moment of its creation."""

    def __init__(self, origin: float | None = None) -> None:
        self.origin = time.monotonic() if origin is None else origin
        self._happened = threading.Condition()
        self._waiting = 0
        self._count = 0

    def now(self) -> float:
        """Return the seconds since the clock began."""
        return time.monotonic() - self.origin

    def sleep(self, seconds: float) -> None:
        """Sleep for so many seconds."""
        if seconds > 0:
            time.sleep(seconds)

    def wait(self, until: Callable[[], bool], seconds: float, *, of_messages: bool = True) -> bool:
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
                        self._happened.wait(min(left, _POLL_SECONDS))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The moment a lab's clock began, of the machine's monotonic clock, which restarts with each boot."""

    boot: str  # the id that `boot` returns
    monotonic: float  # seconds


def boot() -> str:
    """Return the id of this boot of the machine; "" if the system has none."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
