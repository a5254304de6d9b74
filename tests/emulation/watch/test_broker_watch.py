"""The watch over a broker says from when to when it could not see it, and what it finds when it can again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests

from lab.emulation.brokers.active_instances import Actives
from lab.emulation.brokers.power import Power
from lab.emulation.state import BrokerState, InstanceState
from lab.emulation.watch.broker_watch import BridgeWatch, Looks
from lab.errors import BrokerError
from lab.history import BridgeSeen, Demand, LogLine, MemoryRecorder, Observation, SightChanged, Trouble
from lab.runtime.clock import Clock, RealClock
from lab.runtime.lab import Silent
from lab.runtime.messages import Destination
from lab.runtime.status import UP

ORDERS = Destination(kind="queue", name="orders")
INSTANCE = InstanceState(broker="a", name="a", number=1, container="a", address="", ports={}, management_port=1)


class Broker:
    """A broker, its container and its engine, as much of them as a watch asks."""

    def __init__(self) -> None:
        self.containers = self
        self.status = "running"
        self.attrs = {"State": {"ExitCode": 137, "OOMKilled": False}}
        self.silent = self.speechless = self.discreet = self.broken = False
        self.looks = 0
        self.answers, self.asked = Event(), Event()  # without the one it hangs, and the other says that it does
        self.answers.set()
        self.up = [
            BridgeSeen(t=0, connector="c", broker="a", remote="b", remote_address="1", created_by_duplex=False, up=True)
        ]

    def get(self, _: str) -> Broker:
        if self.speechless:
            raise requests.exceptions.ConnectionError("no engine")
        return self

    def pause(self) -> None: ...

    def unpause(self) -> None: ...

    def ends(self, _: str) -> Sequence[BridgeSeen]:
        self.looks += 1
        if not self.answers.is_set():
            self.asked.set()
            assert self.answers.wait(30)
        if self.silent or self.status != "running":
            raise Silent("timed out")
        if self.broken:
            raise KeyError("value")
        return tuple(self.up)

    def demands(self, _: str, wanted: Sequence[Destination]) -> Sequence[bool]:
        if self.discreet:
            raise BrokerError("HTTP 500")
        return [True] * len(wanted)


class Watched:
    """A watch that looks when it is told to."""

    def __init__(self, broker: Broker, clock: Clock | None = None) -> None:
        clock, self.recorder = clock or RealClock(), MemoryRecorder()
        note = cast(Any, SimpleNamespace(run="r", not_created=(), deleted=()))
        self.power = Power(cast(Any, broker), note, (INSTANCE,), clock)
        state = cast(BrokerState, SimpleNamespace(instances=(INSTANCE,), first=INSTANCE))
        actives = Actives({"a": state}, self.power, lambda _: True, clock.now)
        looks = Looks(ends=broker.ends, demands=broker.demands)
        self.watch = BridgeWatch({"a": [ORDERS]}, looks, actives, self.power, clock, self.recorder, lambda _: None)

    def bridges(self) -> list[bool]:
        """Return for each end that was recorded whether it was up."""
        return [each.up for each in self.recorder.observations if isinstance(each, BridgeSeen)]

    def look(self) -> list[Observation]:
        """Look once, and return what was recorded but for the demand."""
        before = len(self.recorder.observations)
        self.watch.look("a")
        return [each for each in self.recorder.observations[before:] if not isinstance(each, Demand)]


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def watched(broker: Broker) -> Watched:
    its = Watched(broker)
    assert [each.kind for each in its.look()] == ["bridge"]
    return its


def sights(seen: Sequence[Observation]) -> list[tuple[str, str]]:
    return [(each.of, each.state) for each in seen if isinstance(each, SightChanged)]


def test_a_silence_is_told_once_from_the_last_answer_on_and_its_end_after_what_has_changed(
    broker: Broker, watched: Watched
) -> None:
    watched.look()
    broker.silent = True
    (lost,) = watched.look()
    assert isinstance(lost, SightChanged) and lost.why == "timed out"
    assert watched.recorder.observations[0].t < lost.since < lost.t
    assert watched.look() == []
    broker.silent, broker.up = False, []
    gone, regained = watched.look()
    assert isinstance(gone, BridgeSeen) and not gone.up
    assert sights([regained]) == [("management", "regained")] and gone.t <= regained.t
    assert watched.look() == []


def test_a_paused_broker_is_not_seen(watched: Watched) -> None:
    watched.power.pause(INSTANCE)
    assert sights(watched.look()) == [("management", "lost")]
    watched.power.resume(INSTANCE)
    assert sights(watched.look()) == [("management", "regained")]


def test_a_broker_that_tells_its_bridges_and_not_its_demand_is_not_seen(broker: Broker, watched: Watched) -> None:
    broker.discreet = True
    assert sights(watched.look()) == [("management", "lost")]
    assert watched.look() == []


def test_an_engine_that_is_silent_too_ends_no_watch(broker: Broker, watched: Watched) -> None:
    broker.silent = broker.speechless = True
    (lost,) = watched.look()
    assert isinstance(lost, SightChanged) and "no engine" in lost.why
    broker.silent = broker.speechless = False
    assert sights(watched.look()) == [("management", "regained")]


def test_a_watch_that_fails_is_told_and_no_broker_is_taken_for_seen(broker: Broker, watched: Watched) -> None:
    broker.broken = True
    with pytest.raises(KeyError):
        watched.look()
    assert sights(watched.recorder.observations) == [("management", "lost")]


def test_a_broker_that_somebody_else_killed_and_started_is_looked_at_again(broker: Broker, watched: Watched) -> None:
    broker.status = "exited"
    trouble, gone = watched.look()
    assert isinstance(trouble, Trouble) and isinstance(gone, BridgeSeen) and not gone.up
    assert watched.look() == []
    broker.status = "running"
    again, back = watched.look()
    assert isinstance(again, Trouble) and "runs again" in again.what
    assert isinstance(back, BridgeSeen) and back.up
    broker.status = "exited"
    trouble, gone = watched.look()
    assert isinstance(trouble, Trouble) and "ended by itself" in trouble.what, "as often as it does"
    assert isinstance(gone, BridgeSeen) and not gone.up


def test_one_that_was_started_from_elsewhere_and_hangs_is_not_seen(broker: Broker, watched: Watched) -> None:
    broker.status = "exited"
    watched.look()
    broker.status = "running"
    watched.look()
    broker.silent = True
    assert sights(watched.look()) == [("management", "lost")]


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
    power = cast(Power, SimpleNamespace(state=lambda its: UP, mark_answering=lambda its: None))
    failed = Queue[Exception]()
    looks = Looks(ends=ends, demands=demands)
    watch = BridgeWatch({"tokyo": ()}, looks, actives, power, RealClock(), MemoryRecorder(), failed.put)
    with ThreadPoolExecutor() as pool:
        watch.begin(pool)
        assert isinstance(failed.get(timeout=30), ZeroDivisionError)
        watch.end()


def test_what_a_look_finds_is_told_with_the_look_before(broker: Broker, watched: Watched) -> None:
    up, demanded = watched.recorder.observations[:2]
    assert isinstance(up, BridgeSeen) and isinstance(demanded, Demand)
    watched.look()
    broker.up = []
    (gone,) = watched.look()
    assert isinstance(gone, BridgeSeen) and gone.last_look is not None
    assert demanded.t <= gone.last_look < gone.t
    last = watched.recorder.observations[-1]
    assert isinstance(last, Demand) and last.last_look == gone.last_look


def test_a_watch_looks_once_more_as_it_ends(broker: Broker, watched: Watched) -> None:
    with ThreadPoolExecutor() as pool:
        watched.watch.begin(pool)
        broker.up = []
        watched.watch.end()
    assert watched.bridges() == [True, False]


class Stopped(RealClock):
    """A clock that goes on when it is told to: no look is due for the time alone."""

    def __init__(self) -> None:
        super().__init__()
        self.t = 0.0
        self.asked = 0  # by watches' threads

    def now(self) -> float:
        self.asked += threading.current_thread().name.startswith("mqlab-watch")
        return self.t

    def await_asked(self, times: int) -> None:
        """Wait until the thread of the only watch has asked so many times more."""
        before = self.asked
        assert self.wait(lambda: self.asked >= before + times, 30)


def said(name: str, t: float, *, trace: bool = False) -> LogLine:
    return LogLine(t=t, broker="a", level="INFO", text="", name=name, trace=trace)


def test_a_line_that_tells_of_a_change_is_followed_by_a_look_at_once(broker: Broker) -> None:
    clock, ends = Stopped(), broker.up
    broker.up = []
    watched = Watched(broker, clock)
    with ThreadPoolExecutor() as pool:
        watched.watch.begin(pool)
        for name, now in [("bridge-started", ends), ("bridge-stopped", []), ("bridge-answered", ends)]:
            clock.t, broker.up = clock.t + 0.1, now
            watched.watch.hear(said(name, clock.t))
            assert clock.wait(lambda: watched.bridges()[-1:] == [bool(broker.up)], 30)
        watched.watch.end()
    assert watched.bridges() == [True, False, True]


def test_other_lines_and_those_of_before_the_watch_ask_for_no_look(broker: Broker) -> None:
    clock = Stopped()
    watched = Watched(broker, clock)
    with ThreadPoolExecutor() as pool:
        watched.watch.begin(pool)
        assert clock.wait(lambda: clock.asked >= 2, 30)  # the thread waits for the next look, which is due at 0.5
        clock.t = 0.45
        watched.watch.hear(said("connection-refused", 0.45))
        watched.watch.hear(said("bridge-started", 0.45, trace=True))
        watched.watch.hear(said("bridge-started", -0.1))
        clock.await_asked(3)  # in one turn of its loop, in one that hears of a line, and in the one that would look
        broker.up = []
        watched.watch.end()  # looks once more
    assert broker.looks == 2  # the other one when the watch began
    (gone,) = [each for each in watched.recorder.observations if isinstance(each, BridgeSeen) and not each.up]
    assert gone.last_look == 0.0


def test_a_broker_that_hangs_holds_up_no_log(broker: Broker) -> None:
    clock = Stopped()
    watched = Watched(broker, clock)
    with ThreadPoolExecutor() as pool:
        watched.watch.begin(pool)
        broker.answers.clear()
        clock.t, broker.up = 0.1, []
        watched.watch.hear(said("bridge-stopped", 0.1))
        assert broker.asked.wait(30)
        watched.watch.hear(said("bridge-stopped", 0.1))
        assert watched.bridges() == [True]  # `hear` has come back, and nobody knows yet
        broker.answers.set()
        watched.watch.end()
    assert watched.bridges() == [True, False]
