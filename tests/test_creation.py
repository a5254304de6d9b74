"""A broker for later is in no account before it is created, runs once it has been, and is gone when it was deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.amazonmq.account import Account
from lab.declare.loading import load
from lab.errors import InputError
from lab.operating import Control, opening_control
from lab.operating.creation import begin_creation, begin_deletion, finish_creation, finish_deletion
from lab.plan import plan

NOW = datetime(2026, 11, 25, tzinfo=UTC)
STORY = Path(__file__).parent / "replay" / "stories" / "later.yaml"


def opened() -> Control:
    return opening_control(plan(load(STORY, environment={}).topology, seed=7), NOW)


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
    with pytest.raises(InputError, match="no broker singapore that is still to be created"):
        begin_creation(made, "singapore", NOW, t=2.0)
    with pytest.raises(InputError, match="tokyo"):
        begin_creation(made, "tokyo", NOW, t=2.0)
