"""Shipped scenarios about what brokers keep: each is held, and its twin is broken for the right reason."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from lab.history import ClientChanged, read
from lab.shipped import shipped
from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_run import reasons
from tests.twins import broken_for_its_reason

pytestmark = pytest.mark.docker
Report = dict[str, Any]


def whole_and_spoilt(mqlab: Commands, name: str, *, seed: str = "2") -> tuple[Report, Report]:
    """Run a scenario at another seed than its own, and its broken twin beside it."""
    started = [mqlab.start("run", each, "--json", "--seed", seed) for each in (name, f"{name}-broken")]
    whole, spoilt = (mqlab.end_of(each, seconds=240) for each in started)
    assert whole.code == 0, whole
    assert spoilt.code == 1, spoilt
    assert whole.json["outcome"] == "held"
    broken_for_its_reason(name, spoilt.json)
    return whole.json, spoilt.json


def delivered(found: Report) -> dict[str, list[int]]:
    return {
        each["subscriber"]: [each[key] for key in ("expected", "received", "lost", "duplicated")]
        for each in found["deliveries"]
    }


def test_a_durable_subscriber_gets_what_was_sent_during_a_reboot(mqlab: Commands, engine: Engine) -> None:
    whole, spoilt = whole_and_spoilt(mqlab, "durable-reboot")
    assert delivered(whole) == {"ledger": [90, 90, 0, 0]}
    seen = read(mqlab.home / "runs" / whole["run"] / "history.jsonl").observations
    states = [each.state for each in seen if isinstance(each, ClientChanged)]
    assert (states[0], states[-1]) == ("lost", "returned")
    assert set(states[1:-1]) == {"refused"}, "each try in vain is told"
    assert delivered(spoilt)["ledger"][2] > 0
    assert "singapore was stopped" in reasons(spoilt, "broken") or "had lost its connection" in reasons(
        spoilt, "broken"
    )


def test_an_mqtt_session_survives_a_disconnect(mqlab: Commands, engine: Engine) -> None:
    whole, spoilt = whole_and_spoilt(mqlab, "mqtt-session")
    assert delivered(whole) == {"phone": [15, 15, 0, 0]}
    assert delivered(spoilt) == {"phone": [5, 5, 0, 0]}, "what is sent to nobody is owed to nobody"


def test_a_retained_message_crosses_with_the_first_demand_only(mqlab: Commands, engine: Engine) -> None:
    whole, spoilt = whole_and_spoilt(mqlab, "retained")
    assert delivered(whole)["second"] == [1, 0, 1, 0], "one broker would have given it"
    assert delivered(spoilt)["second"] == [1, 1, 0, 0], "its demand was the first"


def test_what_a_bridge_keeps_depends_on_the_session_and_not_on_the_qos(mqlab: Commands, engine: Engine) -> None:
    whole, spoilt = whole_and_spoilt(mqlab, "qos")
    assert {name: counted[1] for name, counted in delivered(whole).items()} == {"zero": 20, "one": 40, "two": 40}
    assert delivered(spoilt)["two"][:3] == [40, 20, 20]


TAKING = Path(__file__).parent / "scenarios" / "taking.yaml"


def test_what_is_taken_given_back_chosen_and_over_on_real_brokers(
    mqlab: Commands, engine: Engine, tmp_path: Path
) -> None:
    """Beside it runs a copy in which nobody takes what was given back."""
    text = TAKING.read_text().replace("../../../scenarios", str(shipped("scenarios")))
    spoilt_text = "\n".join(line for line in text.splitlines() if "client: other" not in line)
    spoilt_file = tmp_path / "spoilt.yaml"
    spoilt_file.write_text(spoilt_text.replace("within: 60s", "within: 10s"))
    shutil.copy(TAKING.with_suffix(".body"), tmp_path)
    started = [mqlab.start("run", each, "--json") for each in (TAKING, spoilt_file)]
    whole, spoilt = (mqlab.end_of(each, seconds=240) for each in started)
    assert whole.code == 0, whole
    rows = {each["destination"]: each for each in whole.json["deliveries"]}
    counted = {key: rows["queue://jobs"][key] for key in ("received", "lost", "duplicated", "returned")}
    assert counted == {"received": 10, "lost": 0, "duplicated": 0, "returned": 5}
    shares = {each["subscriber"]: each["received"] for each in rows["queue://jobs"]["shares"]}
    assert shares == {"worker": 5, "other": 5}
    assert [rows["topic://orders"][key] for key in ("received", "unexpected")] == [3, 0]
    assert [rows["queue://news"][key] for key in ("received", "expired", "lost")] == [1, 4, 0]
    assert spoilt.code == 1, spoilt
    assert "5 of 10 had not reached worker when worker stops listening" in reasons(spoilt.json, "unknown")
