"""The environment of a replay's clients: a scenario's Rehearsal, or a running lab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lab.history import Observation
from lab.runtime.clock import Clock
from lab.runtime.lab import Clients


class Replayed(Protocol):
    """The part of a Rehearsal that a connection's events need."""

    run: str

    @property
    def clock(self) -> Clock:
        """Return the replay's clock."""
        ...

    @property
    def record(self) -> Callable[[Observation], None]:
        """Return the function that records an observation."""
        ...

    def now(self) -> float:
        """Return the seconds since the replay began."""
        ...

    def trouble(self, name: str, problem: str) -> None:
        """Record a failure of the client or the broker of that name."""
        ...

    def fail(self, error: Exception) -> None:
        """End the replay by an error."""
        ...


class Stage(Replayed, Protocol):
    """The part of a Rehearsal that sending needs."""

    @property
    def lab(self) -> Clients:
        """Return the lab that clients connect to."""
        ...

    def check(self) -> None:
        """Raise the first error of another thread, if any."""
        ...

    def wait(self, until: Callable[[], bool], seconds: float, *, of_messages: bool = True) -> bool:
        """Wait for a condition, and return whether it came true in time; raise an error of another thread."""
        ...

    def user(self, broker: str, user: str | None) -> str:
        """Return the name of the user to log in as: the broker's first one if `user` is None."""
        ...
