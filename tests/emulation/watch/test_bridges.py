"""A watch that dies, of whatever, is told: nobody may say then that the broker is watched."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from types import SimpleNamespace
from typing import cast

from lab.emulation.brokers.actives import Actives
from lab.emulation.brokers.power import UP, Power
from lab.emulation.clock import RealClock
from lab.emulation.watch.bridges import BridgeWatch, Looks
from lab.history import BridgeSeen, MemoryRecorder
from lab.runtime.messages import Destination


def test_a_watch_that_dies_of_a_bug_is_told() -> None:
    looked = iter([()])  # the first look sees nothing, and the next one dies

    def ends(broker: str) -> Sequence[BridgeSeen]:
        for found in looked:
            return found
        raise ZeroDivisionError(broker)

    def demands(broker: str, of: Sequence[Destination]) -> Sequence[bool]:
        return ()

    its = SimpleNamespace(name="tokyo", broker="tokyo", mark=0)
    actives = cast(Actives, SimpleNamespace(find=lambda broker: its, last=lambda broker: its))
    power = cast(Power, SimpleNamespace(state=lambda instance: UP))
    failed = Queue[Exception]()
    looks = Looks(ends=ends, demands=demands)
    watch = BridgeWatch({"tokyo": ()}, looks, actives, power, RealClock(), MemoryRecorder(), failed.put)
    with ThreadPoolExecutor() as pool:
        watch.begin(pool)
        assert isinstance(failed.get(timeout=30), ZeroDivisionError)
        watch.end()
