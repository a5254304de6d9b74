"""Scenarios about what brokers keep, on real ones; the other shipped ones, and what breaks them, are run in models."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history import ClientChanged, read
from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_run import cleaned_up

pytestmark = pytest.mark.docker
TAKING = Path(__file__).parent / "scenarios" / "taking.yaml"


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
    cleaned_up(mqlab, engine)
