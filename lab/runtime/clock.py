"""Time of a lab, which everybody waits by: real in an emulation, virtual in a simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Time of the lab: real in an emulation, virtual in a simulation. Nobody else sleeps."""

    def now(self) -> float:
        """Return the seconds since the lab's clock began."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Let time pass until the condition holds, and tell whether it did in time."""
        ...

    def begin(self, name: str, work: Callable[[], None]) -> None:
        """Let something go on beside the caller; it ends by itself, and what it raises nobody hears."""
        ...

    def notify(self) -> None:
        """Say that something happened, so that whoever waits looks again at once; cheap, and from any thread."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """When a lab's clock began, on the machine's own monotonic clock, which begins anew with each boot."""

    boot: str  # as `boot` tells it
    monotonic: float  # seconds


def boot() -> str:
    """Return the id of this boot of the machine; nothing where the system does not tell."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
