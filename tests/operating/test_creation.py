"""A broker for later is in no account before it is created, runs once it has been, and is gone when it was deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.amazonmq.account.account import Account
from lab.declare.loading import load
from lab.errors import BrokerError, InputError, LabTimeout
from lab.operating.configurations import create_configuration
from lab.operating.creation import begin_creation, begin_deletion, create, delete, finish_creation, finish_deletion
from lab.plan.control import Control, opening_control
from lab.plan.planning import plan
from lab.plan.values import Plan
from tests.replay.fake_lab import FakeLab

NOW = datetime(2026, 11, 25, tzinfo=UTC)
STORY = Path(__file__).parents[1] / "replay" / "stories" / "later.yaml"


def planned() -> Plan:
    return plan(load(STORY, environment={}).topology, seed=7)


def opened() -> Control:
    return opening_control(planned(), NOW)


def states(account: Account) -> dict[str, str]:
    return {each.name: str(each.state) for each in account.brokers}


def test_it_comes_and_goes() -> None:
    control = opened()
    assert states(control.account) == {"tokyo": "RUNNING"}
    assert [each.name for each in control.account.configurations] == ["tokyo-configuration"]
    begun = begin_creation(control, "singapore", NOW, t=1.0)
    assert states(begun.control.account)["singapore"] == "CREATION_IN_PROGRESS"
    made = finish_creation(begun.control, "singapore", t=2.0).control
    assert states(made.account) == {"tokyo": "RUNNING", "singapore": "RUNNING"}
    going = begin_deletion(made, "singapore", t=3.0)
    assert states(going.control.account)["singapore"] == "DELETION_IN_PROGRESS"
    gone = finish_deletion(going.control, "singapore").control
    assert states(gone.account) == {"tokyo": "RUNNING"}
    assert "singapore-configuration" in {each.name for each in gone.account.configurations}, "it outlives its broker"


def test_it_comes_once() -> None:
    made = begin_creation(opened(), "singapore", NOW, t=1.0).control
    with pytest.raises(InputError, match=r"singapore exists already .ConflictException.\n  still to be created: none"):
        begin_creation(made, "singapore", NOW, t=2.0)
    with pytest.raises(InputError, match="tokyo exists already"):
        begin_creation(made, "tokyo", NOW, t=2.0)


def test_it_is_created_and_deleted_for_real() -> None:
    its = planned()
    lab, kept = FakeLab(its), list[Control]()
    made = create(opened(), lab, its, "singapore", NOW, keep=kept.append)
    assert lab.started("singapore") and states(made.control.account)["singapore"] == "RUNNING"
    assert [states(each.account)["singapore"] for each in kept] == ["CREATION_IN_PROGRESS", "RUNNING"]
    assert "singapore" in {each.broker for each in made.control.present.interfaces}
    gone = delete(made.control, lab, "singapore", keep=kept.append).control
    assert not lab.started("singapore") and states(gone.account) == states(kept[-1].account) == {"tokyo": "RUNNING"}
    assert states(kept[-2].account)["singapore"] == "DELETION_IN_PROGRESS"
    assert {each.broker for each in gone.present.interfaces} == {"tokyo"}
    with pytest.raises(InputError, match="singapore was deleted, and a lab makes each broker once"):
        create(gone, lab, its, "singapore", NOW)


def test_what_was_cut_off_is_resumed() -> None:
    its, kept = planned(), list[Control]()
    lab = FakeLab(its)
    begun = begin_creation(opened(), "singapore", NOW, t=1.0).control
    assert states(create(begun, lab, its, "singapore", NOW, resumed=True).control.account)["singapore"] == "RUNNING"
    going = begin_deletion(begun, "singapore", t=2.0).control
    delete(going, lab, "singapore", keep=kept.append)
    assert [states(each.account).get("singapore") for each in kept] == ["DELETION_IN_PROGRESS", None]


@pytest.mark.parametrize(("broken", "within", "error"), [(1, 120.0, BrokerError), (0, 1.0, LabTimeout)])
def test_one_that_does_not_start_has_failed_and_can_be_deleted(
    broken: int, within: float, error: type[Exception]
) -> None:
    its, kept = planned(), list[Control]()
    lab = FakeLab(its)
    lab.broken_revisions = broken
    with pytest.raises(error):
        create(opened(), lab, its, "singapore", NOW, within=within, keep=kept.append)
    assert states(kept[-1].account) == {"tokyo": "RUNNING", "singapore": "CREATION_FAILED"}
    assert states(delete(kept[-1], lab, "singapore").control.account) == {"tokyo": "RUNNING"}


def test_the_name_of_its_configuration_is_kept_for_it() -> None:
    with pytest.raises(InputError, match="singapore, which is still to be created, has a configuration singapore-conf"):
        create_configuration(opened(), "singapore-configuration", "5.18", NOW, t=1.0)


def test_only_what_is_declared_can_be_created() -> None:
    with pytest.raises(InputError, match=r"declares no broker rome\n  still to be created: singapore"):
        create(opened(), FakeLab(planned()), planned(), "rome", NOW)
