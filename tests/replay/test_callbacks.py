"""The end of a connection is answered once, whether it comes before, after or while somebody wants to know of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from lab.replay.callbacks import Ear
from lab.replay.rehearsal import Rehearsal
from tests.replay.fake_lab import VirtualClock


class Rehearsed:
    """As much of a replay as an ear needs; what is to be done while a loss is told is handed in."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.clock, self.start = VirtualClock(), 0.0
        self.record: list[Any] = []
        self.meanwhile = meanwhile

    def trouble(self, who: str, what: str) -> None:
        self.meanwhile()


@pytest.mark.parametrize("when", ["before", "while", "after"])
def test_a_loss_is_answered_once(when: str) -> None:
    answered: list[str] = []

    def attend() -> None:
        ear.when_lost(lambda: answered.append(ear.lost_because or ""))

    ear = Ear(cast(Rehearsal, Rehearsed(attend if when == "while" else lambda: None)), "tk")
    if when == "before":
        attend()
    ear.lost("the connection was lost")
    if when == "after":
        attend()
    assert answered == ["the connection was lost"]
