"""The end of a connection is answered once, whether it comes before, after or while somebody wants to know of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.declare.steps.base import Login
from lab.history import Observation
from lab.replay.callbacks import Callbacks
from tests.polled_clock import PolledClock

LOGIN = Login("tokyo", "stomp", "testUser")


class Rehearsed:
    """As much of a replay as a connection needs; what is to be done while a loss is told is handed in."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.run, self.clock = "run-1", PolledClock()
        self.now = self.clock.now
        self.meanwhile = meanwhile

    def record(self, *observations: Observation) -> None:
        pass

    def fail(self, error: Exception) -> None:
        raise error

    def trouble(self, who: str, what: str) -> None:
        self.meanwhile()


@pytest.mark.parametrize("when", ["before", "while", "after"])
def test_a_loss_is_answered_once(when: str) -> None:
    answered: list[str] = []

    def attend() -> None:
        callbacks.when_lost(lambda: answered.append(callbacks.lost_because or ""))

    callbacks = Callbacks(Rehearsed(attend if when == "while" else lambda: None), "tk", LOGIN)
    if when == "before":
        attend()
    callbacks.lost("the connection was lost")
    if when == "after":
        attend()
    assert answered == ["the connection was lost"]
