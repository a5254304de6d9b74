"""Verbs are done by one function each: a reboot in its order, resumed where it was cut; links, users, updates."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import cast

import pytest

from lab.amazonmq.account.brokers import begin_reboot
from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.declare.steps import STEPS
from lab.declare.steps.base import OfService, OnInstance, OnLink, OnNetwork, Step
from lab.declare.steps.instances import ConnectorStep
from lab.declare.steps.links import Cut, Flap, Heal, Impair
from lab.declare.steps.messages import Publish
from lab.declare.steps.service import CreateUser, Reboot, UpdateBroker
from lab.errors import BrokerError, InputError, PlanError
from lab.history import BrokerChanged, LinkChanged
from lab.operating import is_verb, operate, reboot
from lab.operating.control_plane import keep
from lab.operating.reboot import reboot_order
from lab.plan.control import opening_control
from lab.plan.planning import plan
from tests import spoilt_lab
from tests.operating.plane import NOW, Plane
from tests.spoilt_lab import SpoiltLab

PENDING = {"broker": "tokyo", "user": "audit", "password": "over-the-ocean-1858"}


def opened(scenario: str = "one-way") -> Plane:
    topology = load(shipped("scenarios") / f"{scenario}.yaml", environment={}).topology
    its = plan(topology, seed=7)
    return Plane(spoilt_lab.opened(its, topology, SpoiltLab), its, opening_control(its, NOW))


def told(plane: Plane) -> list[tuple[str, int]]:
    return [(each.state, each.instance) for each in plane.seen if isinstance(each, BrokerChanged)]


@pytest.mark.parametrize(
    ("of", "active", "stopped", "order"),
    [
        ((1,), 1, (), (1,)),
        ((1, 2), 1, (), (2, 1)),
        ((1, 2), 2, (), (1, 2)),
        ((1, 2), 1, (2,), (1,)),  # stopped by hand: it is left so
        ((1, 2), None, (), (2, 1)),  # none serves: both are started
        ((1, 2), None, (1,), (2,)),
        ((1, 2), None, (1, 2), (1,)),
    ],
)
def test_who_serves_is_rebooted_last(
    of: tuple[int, ...], active: int | None, stopped: Collection[int], order: tuple[int, ...]
) -> None:
    assert reboot_order(of, active, stopped) == order


def test_what_is_pending_is_applied_while_the_broker_is_down() -> None:
    plane = opened()
    assert operate(plane, CreateUser(**PENDING)).note == "it waits for a reboot"
    operate(plane, Reboot(broker="tokyo"))
    record = plane.control.account.broker("tokyo")
    assert (str(record.state), record.has_pending, record.user("audit").current is not None) == ("RUNNING", False, True)
    assert told(plane) == [("stopping", 0), ("stopped", 0), ("starting", 0), ("started", 0)]
    states = [str(each.account.broker("tokyo").state) for each in plane.kept]
    assert states == ["RUNNING", "REBOOT_IN_PROGRESS", "REBOOT_IN_PROGRESS", "RUNNING"]


def test_of_a_pair_the_standby_comes_first_and_the_files_are_written_once() -> None:
    plane = opened("failover")
    operate(plane, Reboot(broker="singapore"))
    assert [number for state, number in told(plane) if state == "stopping"] == [2, 1]
    assert cast(SpoiltLab, plane.lab).prepared == [], "nothing was pending"
    operate(plane, CreateUser(**{**PENDING, "broker": "singapore"}))
    operate(plane, Reboot(broker="singapore"))
    assert [broker for broker, _ in cast(SpoiltLab, plane.lab).prepared] == ["singapore"]


def test_one_that_was_cut_off_is_gone_on_with() -> None:
    plane = opened()
    keep(plane, "tokyo", lambda control: begin_reboot(control.account, "tokyo"))
    with pytest.raises(InputError, match="REBOOT_IN_PROGRESS, so there is nothing to reboot"):
        operate(plane, Reboot(broker="tokyo"))
    reboot.do_reboot(plane, Reboot(broker="tokyo"), resumed=True)
    assert plane.control.account.broker("tokyo").state == "RUNNING"


def test_one_that_does_not_come_back_is_running_for_the_service() -> None:
    plane = opened()
    cast(SpoiltLab, plane.lab).dies = lambda its: True
    with pytest.raises(BrokerError, match="ended while starting"):
        operate(plane, Reboot(broker="tokyo"))
    assert plane.control.account.broker("tokyo").state == "RUNNING"


def test_an_update_may_order_its_reboot() -> None:
    plane = opened()
    operate(plane, UpdateBroker(broker="tokyo", revision=1))
    assert plane.control.account.broker("tokyo").pending is not None
    operate(plane, UpdateBroker(broker="tokyo", revision=1, apply="immediately"))
    assert plane.control.account.broker("tokyo").current.revision == 1
    assert ("started", 0) in told(plane)


def test_a_link_is_changed_by_one_value_too() -> None:
    plane = opened()
    for verb in (Cut(link="tokyo-singapore", leaving="tokyo"), Heal(link="tokyo-singapore")):
        operate(plane, verb)
    operate(plane, Impair(link="tokyo-singapore", delay="80ms"))
    flap = {"link": "tokyo-singapore", "times": 2, "down": timedelta(seconds=1), "up": timedelta(seconds=2)}
    begun = plane.lab.clock.now()
    operate(plane, Flap(**flap))
    assert plane.lab.clock.now() - begun == pytest.approx(4.0, abs=1e-3)
    states = [each.state for each in plane.seen if isinstance(each, LinkChanged)]
    assert states == ["cut", *["open"] * 4, *["cut", "cut", "open", "open"] * 2]


def test_what_is_done_to_a_lab_is_done_here_and_nothing_that_clients_do() -> None:
    verbs = (OfService, OnNetwork, OnLink, OnInstance, ConnectorStep)
    ours = {kind for kind in STEPS.values() if is_verb(kind)}
    assert {kind for kind in STEPS.values() if issubclass(kind, verbs)} <= ours
    assert not any(issubclass(kind, Publish) for kind in ours)
    with pytest.raises(PlanError, match="no function performs the verb publish"):
        operate(opened(), Publish(broker="tokyo", over="mqtt", topic="prices"))


def test_a_verb_says_what_it_is_in_words() -> None:
    verbs: list[Step] = [Reboot(broker="tokyo", downtime="5s"), CreateUser(**PENDING)]
    assert [each.words() for each in verbs] == ["reboot broker tokyo, 5s down", "create the user audit of tokyo"]
    assert "1858" not in repr(verbs)
