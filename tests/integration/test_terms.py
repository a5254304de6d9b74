"""Scenarios about what brokers keep, on real ones; the other shipped ones, and what breaks them, are run in models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.history import ClientChanged, read
from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_run import cleaned_up

pytestmark = [pytest.mark.docker, pytest.mark.release]
TAKING = Path(__file__).parent / "scenarios" / "taking.yaml"
BECAME = {
    "queue://jobs": {"received": 10, "lost": 0, "duplicated": 0, "returned": 5},
    "topic://orders": {"received": 3, "unexpected": 0},
    "queue://news": {"received": 1, "expired": 4, "lost": 0},
}
SHARES = {"worker": 5, "other": 5}  # of the jobs


def what_became_of_them(found: Mapping[str, Any]) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """Return what `taking.yaml` expectations nothing about: the figures of BECAME, and those of SHARES."""
    rows = {each["destination"]: each for each in found["deliveries"]}
    shares = {each["subscriber"]: each["received"] for each in rows["queue://jobs"]["shares"]}
    return {where: {key: row[key] for key in BECAME[where]} for where, row in rows.items()}, shares


def test_a_durable_subscriber_gets_what_was_sent_during_a_reboot(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", "durable-reboot", "--json", "--seed", "2")
    assert ended.code == 0, ended
    (delivery,) = ended.json["deliveries"]
    assert [delivery[key] for key in ("expected", "received", "lost", "duplicated")] == [90, 90, 0, 0]
    seen = read(mqlab.latest / "history.jsonl").observations
    states = [each.state for each in seen if isinstance(each, ClientChanged)]
    assert (states[0], states[-1]) == ("lost", "returned")
    assert set(states[1:-1]) == {"refused"}, "each try in vain is told"
    cleaned_up(mqlab, engine)


def test_what_is_taken_given_back_chosen_and_over_on_real_brokers(mqlab: Commands, engine: Engine) -> None:
    whole = mqlab("run", TAKING, "--json")
    assert whole.code == 0, whole
    assert what_became_of_them(whole.json) == (BECAME, SHARES)
    cleaned_up(mqlab, engine)
