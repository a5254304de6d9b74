"""A broker for later is in no account before it is created, runs once it has been, and is gone when it was deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.brokers import begin_creation, broker_created, delete_broker
from lab.declare.loading import load
from lab.declare.steps.service import CreateBroker, CreateConfiguration, DeleteBroker
from lab.errors import BrokerError, InputError, LabTimeout
from lab.history import BrokerChanged
from lab.operating import operate
from lab.operating.service import do_create_broker
from lab.plan.control import Control, opening_control
from lab.plan.planning import plan
from lab.plan.values import Plan
from tests import spoilt_lab
from tests.operating.plane import NOW, Plane
from tests.spoilt_lab import SpoiltLab

STORY = Path(__file__).parents[1] / "replay" / "stories" / "later.yaml"


TOPOLOGY = load(STORY, environment={}).topology


def planned() -> Plan:
    return plan(TOPOLOGY, seed=7)


def opened() -> Control:
    return opening_control(planned(), NOW)


def opened_lab(control: Control | None = None) -> Plane:
    its = planned()
    return Plane(spoilt_lab.opened(its, TOPOLOGY, SpoiltLab), its, control or opened())


def states(account: Account) -> dict[str, str]:
    return {each.name: str(each.state) for each in account.brokers}


def test_it_comes_and_goes() -> None:
    account = opened().account
    assert states(account) == {"tokyo": "RUNNING"}
    assert [each.name for each in account.configurations] == ["tokyo-configuration"]
    begun = begin_creation(account, "singapore", NOW)
    assert states(begun)["singapore"] == "CREATION_IN_PROGRESS"
    made = CreateBroker(broker="singapore").decide(account, NOW)
    assert made == broker_created(begun, "singapore") and states(made) == {"tokyo": "RUNNING", "singapore": "RUNNING"}
    assert states(delete_broker(made, "singapore"))["singapore"] == "DELETION_IN_PROGRESS"
    gone = DeleteBroker(broker="singapore").decide(made, NOW)
    assert states(gone) == {"tokyo": "RUNNING"}
    assert "singapore-configuration" in {each.name for each in gone.configurations}, "it outlives its broker"


def test_it_comes_once() -> None:
    made = begin_creation(opened().account, "singapore", NOW)
    with pytest.raises(InputError, match=r"singapore exists already .ConflictException.\n  still to be created: none"):
        begin_creation(made, "singapore", NOW)
    with pytest.raises(InputError, match="tokyo exists already"):
        begin_creation(made, "tokyo", NOW)


def test_it_is_created_and_deleted_for_real() -> None:
    plane = opened_lab()
    operate(plane, CreateBroker(broker="singapore"))
    made = plane.control
    assert plane.lab.instances.started("singapore") and states(made.account)["singapore"] == "RUNNING"
    assert [states(each.account)["singapore"] for each in plane.kept] == ["CREATION_IN_PROGRESS", "RUNNING"]
    assert "singapore" in {each.broker for each in made.present.interfaces}
    told = [each.state for each in plane.seen if isinstance(each, BrokerChanged)]
    assert told == ["creating", "starting", "started", "created"]
    gone = operate(plane, DeleteBroker(broker="singapore")).control
    assert not plane.lab.instances.started("singapore") and states(gone.account) == {"tokyo": "RUNNING"}
    assert gone == plane.kept[-1] == plane.control
    assert states(plane.kept[-2].account)["singapore"] == "DELETION_IN_PROGRESS"
    assert {each.broker for each in gone.present.interfaces} == {"tokyo"}
    with pytest.raises(InputError, match="singapore was deleted, and a lab creates each broker only once"):
        operate(plane, CreateBroker(broker="singapore"))


def test_what_was_cut_off_is_resumed() -> None:
    plane = opened_lab()
    begun = replace(plane.control, account=begin_creation(plane.control.account, "singapore", NOW))
    plane = opened_lab(begun)
    do_create_broker(plane, CreateBroker(broker="singapore"), resumed=True)
    assert states(plane.control.account)["singapore"] == "RUNNING"
    plane = opened_lab(begun)
    operate(plane, DeleteBroker(broker="singapore"))
    found = [states(each.account).get("singapore") for each in plane.kept]
    assert found == ["DELETION_IN_PROGRESS", None]


@pytest.mark.parametrize(("broken", "within", "error"), [(True, 120, BrokerError), (False, 1, LabTimeout)])
def test_one_that_does_not_start_has_failed_and_can_be_deleted(
    broken: bool, within: float, error: type[Exception]
) -> None:
    plane = opened_lab()
    cast(SpoiltLab, plane.lab).dies = lambda its: broken
    with pytest.raises(error):
        operate(plane, CreateBroker(broker="singapore", within=timedelta(seconds=within)))
    assert states(plane.control.account) == {"tokyo": "RUNNING", "singapore": "CREATION_FAILED"}
    operate(plane, DeleteBroker(broker="singapore"))
    assert states(plane.control.account) == {"tokyo": "RUNNING"}


def test_the_name_of_its_configuration_is_kept_for_it() -> None:
    with pytest.raises(
        InputError, match="singapore is created later and will have a configuration named singapore-conf"
    ):
        operate(opened_lab(), CreateConfiguration(configuration="singapore-configuration"))


def test_only_what_is_declared_can_be_created() -> None:
    with pytest.raises(InputError, match=r"declares no broker rome\n  still to be created: singapore"):
        operate(opened_lab(), CreateBroker(broker="rome"))
