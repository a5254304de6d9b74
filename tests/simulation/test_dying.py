"""Orders to one instance that come while another of them is on its way: a kill is one, whatever comes between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from lab.base.masking import Mask
from lab.runtime.status import DELETED, DOWN, STARTING, UP
from lab.simulation.costs import with_values
from lab.simulation.instances import Instance, Machine, StoreLock
from lab.simulation.kernel import SECOND, Kernel
from lab.simulation.logs import InstanceLog

MS = 1_000_000
COSTS = {"begin": "1s", "boot": "0.2s", "recover": "0.1s", "stop": "68ms"}  # a quarter: until the signal is there


class Process:
    """A broker's process that notes what it is told."""

    id = "ID:tokyo-1"

    def __init__(self) -> None:
        self.told: list[str] = []

    def serve(self) -> None:
        self.told.append("serve")

    def stop(self) -> None:
        self.told.append("stop")

    def halt(self) -> None:
        self.told.append("halt")

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")


class Host:
    def power(self, instance: str, state: str) -> None:
        pass


class One:
    """An instance that serves from 1.2 s on, and orders to it; each order notes when it has returned, in ms."""

    def __init__(self) -> None:
        self.kernel, self.process = Kernel(), Process()
        machine = Machine(
            kernel=self.kernel,
            costs=with_values(COSTS),
            host=Host(),
            lock_interval=SECOND,
            launch=lambda its: self.process,
            version=lambda broker: "5.18.3",
            served=lambda broker: None,
        )
        self.log = InstanceLog(self.kernel, datetime(2026, 1, 5, tzinfo=UTC), "tokyo", 1, lambda: Mask())
        self.its = Instance("tokyo", "tokyo", 1, 1, StoreLock(), self.log, machine)
        self.its.begin()
        self.kernel.sleep(2 * SECOND)
        self.returned: dict[str, int] = {}

    def order(self, ms: int, name: str, order: Callable[[], object]) -> None:
        def act() -> None:
            order()
            self.returned[name] = self.kernel.now // MS - 2000

        self.kernel.after(ms * MS, self.kernel.begin, act)

    def orderly(self) -> None:
        assert self.its.stop(20 * SECOND) == "stopped"

    def said(self, words: str) -> bool:
        return any(words in line for line in self.log.lines)


@pytest.mark.parametrize("ms", [5, 20])
def test_a_broker_that_is_stopped_while_it_is_killed_is_killed(ms: int) -> None:
    """It begins to shut down in order if the signal is not there yet, and never gets to the end of that."""
    one = One()
    one.order(0, "kill", one.its.kill)
    one.order(ms, "stop", one.orderly)
    one.kernel.sleep(43 * MS)
    assert (one.its.state, one.returned["kill"]) == (DOWN, 42)
    assert one.process.told[-1] == "halt"
    assert one.said("is shutting down") == (ms == 5)
    one.kernel.sleep(SECOND)
    assert "stop" in one.returned and not one.said("is shutdown")


def test_a_broker_that_is_killed_twice_is_gone_with_the_first() -> None:
    one = One()
    one.order(0, "first", one.its.kill)
    one.order(5, "second", one.its.kill)
    one.kernel.sleep(43 * MS)
    assert one.its.state == DOWN
    assert one.process.told.count("halt") == 1
    one.kernel.sleep(SECOND)
    assert one.returned == {"first": 42, "second": 47}


def test_a_broker_that_is_deleted_and_killed_stays_deleted() -> None:
    one = One()
    one.order(0, "delete", one.its.delete)
    one.order(5, "kill", one.its.kill)
    one.kernel.sleep(SECOND)
    assert one.its.state == DELETED


@pytest.mark.parametrize("ms", [5, 20])
def test_a_broker_that_is_started_while_it_is_killed_lives(ms: int) -> None:
    one = One()
    one.order(0, "kill", one.its.kill)
    one.order(ms, "start", one.its.begin)
    one.kernel.sleep(100 * MS)
    assert one.its.state == STARTING
    one.kernel.sleep(2 * SECOND)
    assert one.its.state == UP


def test_a_dying_broker_does_not_go_on() -> None:
    one = One()
    one.its.pause()
    one.order(0, "kill", one.its.kill)
    one.order(20, "resume", one.its.resume)
    one.kernel.sleep(SECOND)
    assert one.its.state == DOWN
    assert one.process.told == ["serve", "pause", "halt"]
