"""The first error of another thread, which ends every wait."""

from __future__ import annotations

from collections.abc import Callable

from lab.runtime.clock import Clock


class EndedByError:
    """Base of a class whose waits end at the first error of another thread."""

    clock: Clock

    def __init__(self) -> None:
        self.error: Exception | None = None  # the first one of another thread, which ends it

    def fail(self, error: Exception) -> None:
        """End the waits by an error of another thread; the first error counts."""
        if self.error is None:
            self.error = error
        self.clock.notify()

    def check(self) -> None:
        """Raise the first error of another thread, if any."""
        if self.error is not None:
            raise self.error

    def wait(self, until: Callable[[], bool], seconds: float, *, of_messages: bool = True) -> bool:
        """Wait for a condition, and return whether it came true in time; raise an error of another thread."""
        held = self.clock.wait(
            lambda: self.error is not None or until(), seconds if seconds > 0.0 else 0.0, of_messages=of_messages
        )
        if self.error is not None:
            raise self.error
        return held

    def rest(self, seconds: float) -> None:
        """Let so many seconds pass; raise an error of another thread."""
        self.wait(lambda: False, seconds, of_messages=False)
