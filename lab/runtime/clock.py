"""The clock of a lab: real in an emulation, virtual in a simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """The lab's time, real or virtual; all sleeping and waiting goes through it."""

    def now(self) -> float:
        """Return the seconds since the lab's clock began."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        ...

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds, at most so many seconds; return whether it holds."""
        ...

    def begin(self, name: str, work: Callable[[], None]) -> None:
        """Run `work` concurrently with the caller; it ends by itself, and its exceptions are not reported."""
        ...

    def notify(self) -> None:
        """Have waiting callers test their conditions at once; cheap, and callable from any thread."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The moment a lab's clock began, of the machine's monotonic clock, which begins anew with each boot."""

    boot: str  # the id that `boot` returns
    monotonic: float  # seconds


def boot() -> str:
    """Return the id of this boot of the machine; "" if the system has none."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
