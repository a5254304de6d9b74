"""Time of a lab, which everybody waits by: real in an emulation, virtual in a simulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


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
