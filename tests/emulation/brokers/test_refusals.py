"""Whom the router refuses connections for, while instances stop and start at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from docker.errors import APIError

from lab.emulation.brokers.power import Power
from lab.emulation.brokers.refusals import Refusals
from lab.emulation.state import InstanceState
from lab.errors import BrokerError
from lab.runtime.clock import RealClock
from lab.runtime.state_file import StateFile
from lab.runtime.status import DELETED, UP


class Container:
    """A container of an engine in memory, which refuses to start it if it is told to."""

    def __init__(self) -> None:
        self.attrs = {"State": dict.fromkeys(("FinishedAt", "StartedAt"), "2026-01-01T00:00:00+00:00")}
        self.refuses = False

    def start(self) -> None:
        if self.refuses:
            raise APIError("no")

    def kill(self) -> None: ...

    def wait(self, **_: object) -> None: ...


class Engine:
    """As much of an engine as Power asks."""

    def __init__(self) -> None:
        self.containers = self
        self.known = {"a": Container(), "b": Container()}

    def get(self, name: str) -> Container:
        return self.known[name]


def instance(name: str) -> InstanceState:
    return InstanceState(
        broker=name, name=name, number=1, container=name, address=f"of {name}", ports={}, management_port=1
    )


A, B = instance("a"), instance("b")


def on_file(*, not_created: Sequence[str] = (), deleted: Sequence[str] = ()) -> StateFile:
    return cast(StateFile, SimpleNamespace(run="run", not_created=not_created, deleted=deleted))


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def power(engine: Engine) -> Power:
    return Power(cast(Any, engine), on_file(), (A, B), RealClock())


def refusals(power: Power) -> tuple[Refusals, list[Sequence[str]]]:
    told: list[Sequence[str]] = []
    return Refusals(power, (A, B), told.append), told


def test_what_is_down_is_refused_for(power: Power) -> None:
    refused, told = refusals(power)
    power.kill(A)
    refused.renew()
    power.kill(B)
    refused.renew()
    assert told == [["of a"], ["of a", "of b"]]


def test_two_that_are_about_to_start_are_both_let_in(power: Power) -> None:
    refused, told = refusals(power)
    power.kill(A)
    power.kill(B)
    power.mark_starting(A)
    power.mark_starting(B)
    refused.renew()
    power.start(A)
    refused.renew()
    assert told == [[], []], "whoever is quicker leaves the other one out as well"


def test_what_others_have_created_and_mended_is_asked_again(engine: Engine) -> None:
    before = on_file(not_created=("b",))
    power = Power(cast(Any, engine), before, (A, B), RealClock())
    power.kill(A)
    assert [power.may_answer(each) for each in (A, B)] == [False, False]
    power.apply_note(on_file())
    assert [power.may_answer(each) for each in (A, B)] == [True, True]
    power.apply_note(on_file(deleted=("a",)))
    assert [power.state(each) for each in (A, B)] == [DELETED, UP]


def test_one_that_the_engine_does_not_start_is_down_again(power: Power, engine: Engine) -> None:
    refused, told = refusals(power)
    power.kill(A)
    engine.known["a"].refuses = True
    with pytest.raises(BrokerError, match="the Docker engine refused to change broker a"):
        power.start(A)
    refused.renew()
    assert told == [["of a"]]
