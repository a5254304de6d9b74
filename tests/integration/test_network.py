"""Shipped scenarios about the network and their broken twins, which run at once."""

from __future__ import annotations

from typing import Any

import pytest

from lab.history import Attempted, LogLine, PolicyApplied, read
from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_run import cleaned_up
from tests.twins import broken_for_its_reason

pytestmark = pytest.mark.docker


def with_its_twin(mqlab: Commands, name: str) -> dict[str, Any]:
    """Run a shipped scenario and its twin at once, and return the scenario's report."""
    started = [mqlab.start("run", each, "--json") for each in (name, f"{name}-broken")]
    ended = [mqlab.end_of(each, 400) for each in started]
    assert [each.code for each in ended] == [0, 1], ended
    broken_for_its_reason(name, ended[1].json)
    found: dict[str, Any] = ended[0].json
    return found


def history_of(mqlab: Commands, found: dict[str, Any]) -> list[Any]:
    return list(read(mqlab.home / "runs" / str(found["run"]) / "history.jsonl").observations)


def test_a_closed_group_times_out_and_is_opened(mqlab: Commands, engine: Engine) -> None:
    whole = with_its_twin(mqlab, "closed-security-group")
    seen = history_of(mqlab, whole)
    tried = [each for each in seen if isinstance(each, Attempted)]
    assert [(each.answer, each.allowed) for each in tried] == [("silent", False), ("open", True)]
    assert sum(tried[0].dropped.values()) >= 1, "the router counts what it drops while it is tried"
    timed_out = [each for each in seen if isinstance(each, LogLine) and each.name == "connection-timed-out"]
    assert timed_out and not [each for each in seen if isinstance(each, LogLine) and each.name == "connection-refused"]
    (applied,) = (each for each in seen if isinstance(each, PolicyApplied))
    assert applied.changed == {"tokyo to singapore": "tcp 61617 is let in"}
    assert applied.took_ms < 5_000, "on a machine with nothing else to do: 5 to 25"
    cleaned_up(mqlab, engine)


def test_a_missing_way_back_times_out_and_is_mended(mqlab: Commands, engine: Engine) -> None:
    whole = with_its_twin(mqlab, "missing-return-route")
    (note,) = (note for note in whole["notes"] if "dropped" in note)
    assert "from singapore to tokyo: no route to 10.1.0.10 in the route table rtb-singapore" in note
    cleaned_up(mqlab, engine)
