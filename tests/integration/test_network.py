"""Shipped scenarios about the network: whole, and with their cause removed, which run at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.history import Attempted, LogLine, PolicyApplied, read
from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_run import cleaned_up, copy_of, reasons

pytestmark = pytest.mark.docker


def both(mqlab: Commands, whole: str, spoilt: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run a shipped scenario and a spoilt copy of it at once, and give both reports."""
    started = [mqlab.start("run", name, "--json") for name in (whole, spoilt)]
    ended = [mqlab.end_of(each, 400) for each in started]
    assert [each.code for each in ended] == [0, 1], ended
    return ended[0].json, ended[1].json


def history_of(mqlab: Commands, found: dict[str, Any]) -> list[Any]:
    return list(read(mqlab.home / "runs" / str(found["run"]) / "history.jsonl").observations)


def shorter(text: str) -> str:
    """Leave out what only an attempt that fails would need."""
    return text.replace("40s", "1s").replace("within: 45s", "within: 20s")


def test_a_closed_group_times_out_and_is_opened(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    scenario = copy_of("closed-security-group", tmp_path, shorter)
    topology = scenario.parent / "topologies" / "guarded.yaml"
    closed = "sg-singapore: {region: singapore, inbound: [{from: 127.0.0.1/32}]}"
    assert closed in topology.read_text()
    open_ = closed.replace("[{from: 127.0.0.1/32}]", "[{from: 127.0.0.1/32}, {port: 61617, from: 10.1.0.0/24}]")
    topology.write_text(topology.read_text().replace(closed, open_))
    whole, spoilt = both(mqlab, "closed-security-group", scenario)
    seen = history_of(mqlab, whole)
    tried = [each for each in seen if isinstance(each, Attempted)]
    assert [(each.answer, each.allowed) for each in tried] == [("silent", False), ("open", True)]
    assert sum(tried[0].dropped.values()) >= 1, "the router counts what it drops while it is tried"
    timed_out = [each for each in seen if isinstance(each, LogLine) and each.name == "connection-timed-out"]
    assert timed_out and not [each for each in seen if isinstance(each, LogLine) and each.name == "connection-refused"]
    (applied,) = (each for each in seen if isinstance(each, PolicyApplied))
    assert applied.changed == {"tokyo to singapore": "tcp 61617 is let in"}
    assert applied.took_ms < 5_000, "on a machine with nothing else to do: 5 to 25"
    # with the rule in place from the beginning nothing times out, and nothing is dropped
    broken = reasons(spoilt, "broken")
    assert "open after" in broken
    assert "no such line in the log of tokyo" in broken
    assert "0 packets dropped" in broken
    cleaned_up(mqlab, engine)


def test_a_missing_way_back_times_out_and_is_mended(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    scenario = copy_of("missing-return-route", tmp_path, shorter)
    topology = scenario.parent / "topologies" / "one-route.yaml"
    without = "rtb-singapore: {region: singapore}"
    assert without in topology.read_text()
    # another route leads back too: the one that is made later is not missed
    with_it = "rtb-singapore: {region: singapore, routes: [{destination: 10.1.0.0/24, peering: tokyo-singapore}]}"
    topology.write_text(topology.read_text().replace(without, with_it))
    whole, spoilt = both(mqlab, "missing-return-route", scenario)
    (note,) = (note for note in whole["notes"] if "dropped" in note)
    assert "from singapore to tokyo: no route to 10.1.0.10 in the route table rtb-singapore" in note
    broken = reasons(spoilt, "broken")
    assert "open after" in broken and "0 packets dropped" in broken
    cleaned_up(mqlab, engine)
