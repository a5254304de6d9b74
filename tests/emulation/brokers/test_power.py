"""An instance's state is the engine's, whoever changed it; one that had been killed before is not killed by a stop."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from docker.errors import APIError, NotFound

from lab.declare.steps.base import State
from lab.emulation.brokers.active_instances import Actives
from lab.emulation.brokers.power import Power
from lab.emulation.state import BrokerState, InstanceState
from lab.errors import BrokerError
from lab.runtime.clock import RealClock
from lab.runtime.state_file import StateFile
from lab.runtime.status import DELETED, DOWN, PAUSED, STARTING, UP

MOMENT = "2026-01-01T00:00:00+00:00"


class Container:
    """A container of an engine in memory."""

    def __init__(self) -> None:
        self.status = "running"
        self.attrs = {"State": {"ExitCode": 0, "FinishedAt": MOMENT, "StartedAt": MOMENT}}

    def kill(self) -> None:
        self.status, self.attrs["State"]["ExitCode"] = "exited", 137

    def start(self) -> None:
        self.status = "running"

    def pause(self) -> None:
        self.status = "paused"

    def stop(self, timeout: int) -> None:
        self.status = "exited"  # an engine leaves the exit code of one that has ended as it is

    def wait(self, **_: object) -> None: ...


class Engine:
    """As much of an engine as Power asks."""

    def __init__(self) -> None:
        self.containers = self
        self.known = {"tokyo-1": Container(), "tokyo-2": Container()}

    def get(self, name: str) -> Container:
        if name not in self.known:
            raise NotFound("no such container")
        return self.known[name]

    def list(self, **_: object) -> list[SimpleNamespace]:
        return [SimpleNamespace(id=name, status=its.status) for name, its in self.known.items()]


def instance(number: int) -> InstanceState:
    name = f"tokyo-{number}"
    return InstanceState(
        broker="tokyo", name=name, number=number, container=name, address="", ports={}, management_port=number
    )


ONE, TWO = instance(1), instance(2)


def note(*off: str) -> StateFile:
    return cast(StateFile, SimpleNamespace(run="run", not_created=(), deleted=(), off=dict.fromkeys(off, True)))


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def power(engine: Engine) -> Power:
    return Power(cast(Any, engine), note(), (ONE, TWO), RealClock())


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("running", State.UP),
        ("restarting", State.UP),
        ("paused", State.PAUSED),
        ("exited", State.DOWN),
        ("created", State.ABSENT),
    ],
)
def test_what_another_process_did_is_found(engine: Engine, power: Power, status: str, state: State) -> None:
    engine.known["tokyo-1"].status = status
    assert power.found(ONE) is state
    assert power.may_answer(ONE) is (state is State.UP), "and no request goes to one that cannot answer"


def test_one_whose_container_has_gone_is_down_unless_it_was_deleted(engine: Engine, power: Power) -> None:
    del engine.known["tokyo-1"], engine.known["tokyo-2"]
    power.delete(TWO)
    assert (power.found(ONE), power.found(TWO), power.state(TWO)) == (State.DOWN, State.DELETED, DELETED)


def test_one_that_starts_goes_on_starting(engine: Engine, power: Power) -> None:
    power.mark_starting(ONE)
    assert power.found(ONE) is State.UP
    power.mark_started(ONE)
    engine.known["tokyo-1"].status = "exited"
    assert power.found(ONE) is State.DOWN


def test_a_stop_of_what_was_killed_before_kills_nobody(power: Power) -> None:
    assert power.kill(ONE).state == "killed"
    assert power.stop(ONE, 20).state == "stopped"


def test_a_frozen_instance_that_another_process_knew_for_active_is_so_here(engine: Engine, power: Power) -> None:
    pair = BrokerState(instances=(ONE, TWO), management_password="-")
    actives = Actives({"tokyo": pair}, power, lambda its: False, RealClock().now)
    actives.remember_frozen(TWO)  # which is not
    assert actives.last("tokyo") == ONE
    engine.known["tokyo-2"].status = PAUSED
    power.found(TWO)
    actives.remember_frozen(TWO)
    assert actives.holder("tokyo") == TWO


@pytest.mark.parametrize("does", ["kill", "pause", "stop"])
def test_one_that_the_engine_does_not_switch_is_as_before(engine: Engine, power: Power, does: str) -> None:
    def refuse(**_: object) -> None:
        raise APIError("no")

    setattr(engine.known["tokyo-1"], does, refuse)
    with pytest.raises(BrokerError, match="the Docker engine refused to change broker tokyo-1"):
        getattr(power, does)(ONE, *((20,) if does == "stop" else ()))
    assert power.state(ONE) == UP


def test_a_look_remembers_nothing(engine: Engine, power: Power) -> None:
    engine.known["tokyo-1"].status = "exited"
    assert (power.look(ONE), power.state(ONE)) == (DOWN, UP)


@pytest.mark.parametrize(
    ("before", "does", "after"),
    [("running", "kill", DOWN), ("running", "pause", PAUSED), ("exited", "start", STARTING)],
)
def test_a_list_that_was_asked_for_before_a_switch_says_nothing_of_it(
    engine: Engine, power: Power, before: str, does: str, after: str
) -> None:
    """As by the monitor of a program that is at a verb."""
    container = engine.known["tokyo-1"]
    container.status = before
    power.refresh(note())
    switch = getattr(container, does)

    def listed_meanwhile() -> None:
        listed = engine.list()
        switch()
        engine.list = lambda **_: listed  # type: ignore[method-assign]
        power.refresh(note(), meanwhile=True)
        power.found(ONE)

    setattr(container, does, listed_meanwhile)
    getattr(power, does)(ONE)
    assert power.state(ONE) == after


def test_a_list_that_comes_after_a_switch_was_over_says_nothing_of_it(engine: Engine, power: Power) -> None:
    def late(**_: object) -> list[SimpleNamespace]:
        listed = Engine.list(engine)
        power.kill(ONE)
        return listed

    engine.list = late  # type: ignore[method-assign]
    power.refresh(note(), meanwhile=True)
    assert (power.state(ONE), power.state(TWO)) == (DOWN, UP)


def test_one_that_is_waited_for_goes_on_starting_for_who_looks_meanwhile(engine: Engine, power: Power) -> None:
    power.kill(ONE)
    power.start(ONE)
    power.refresh(note(), meanwhile=True)
    assert power.state(ONE) == STARTING
    power.refresh(note())
    assert power.state(ONE) == UP, "at the beginning of a turn nobody waits for one"


def test_nobody_waits_for_one_that_was_started_from_elsewhere(engine: Engine, power: Power) -> None:
    power.kill(ONE)
    engine.known["tokyo-1"].start()
    assert power.runs_again(ONE) and power.state(ONE) == STARTING
    power.refresh(note(), meanwhile=True)
    assert power.state(ONE) == UP


def test_an_end_of_its_own_is_left_for_the_watch(engine: Engine, power: Power) -> None:
    engine.known["tokyo-1"].status = engine.known["tokyo-2"].status = "exited"
    power.refresh(note("tokyo-2"), watched={"tokyo-1", "tokyo-2"})
    assert (power.state(ONE), power.state(TWO)) == (UP, DOWN)
    power.refresh(note("tokyo-2"))
    assert power.state(ONE) == DOWN


def test_an_end_of_a_standby_which_no_watch_looks_at_is_found(engine: Engine, power: Power) -> None:
    engine.known["tokyo-1"].status = engine.known["tokyo-2"].status = "exited"
    power.refresh(note(), watched={"tokyo-1"})
    assert (power.state(ONE), power.state(TWO)) == (UP, DOWN)
