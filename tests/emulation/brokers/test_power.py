"""An instance's state is the engine's, whoever changed it; one that had been killed before is not killed by a stop."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from docker.errors import NotFound

from lab.declare.steps.broker import State
from lab.emulation.brokers.active_instances import Actives
from lab.emulation.brokers.power import DELETED, PAUSED, Power
from lab.emulation.state import BrokerState, InstanceState
from lab.runtime.clock import RealClock
from lab.runtime.note import Note

MOMENT = "2026-01-01T00:00:00+00:00"


class Container:
    """A container of an engine in memory."""

    def __init__(self) -> None:
        self.status = "running"
        self.attrs = {"State": {"ExitCode": 0, "FinishedAt": MOMENT, "StartedAt": MOMENT}}

    def kill(self) -> None:
        self.status, self.attrs["State"]["ExitCode"] = "exited", 137

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


def instance(number: int) -> InstanceState:
    name = f"tokyo-{number}"
    return InstanceState(
        broker="tokyo", name=name, number=number, container=name, address="", ports={}, management_port=number
    )


ONE, TWO = instance(1), instance(2)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def power(engine: Engine) -> Power:
    note = cast(Note, SimpleNamespace(run="run", not_created=(), deleted=()))
    return Power(cast(Any, engine), note, (ONE, TWO), RealClock())


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
