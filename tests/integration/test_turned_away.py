"""Each way in which a broker cannot be reached is told apart, on a real broker, over every protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history import Approached, read
from tests.command import Commands
from tests.integration.labs import Engine, left_of
from tests.integration.test_crossing import EVERY, WITH_QUEUES

pytestmark = [pytest.mark.docker, pytest.mark.release]
TURNED_AWAY = Path(__file__).parent / "scenarios" / "turned-away.yaml"
PASSWORDS = (b"Turned away clerk 1", b"Turned away guest 1")
WAYS = {
    "clerk": "ok",
    "guesses": "not-authorised",
    "stranger": "not-authorised",
    "trusts-others": "tls-failed",
    "misnames": "tls-failed",
    "curious": "not-authorised",
    "waits": "timed-out",
    "late": "refused",
}


def test_each_way_is_told_apart(mqlab: Commands, engine: Engine) -> None:
    """Without its cause each is gone: `tests/simulation/test_figures.py`."""
    ended = mqlab("run", TURNED_AWAY)
    assert ended.code == 0, ended
    assert left_of(engine.client, mqlab.latest.name) == []

    attempts = [each for each in read(mqlab.latest / "history.jsonl").observations if isinstance(each, Approached)]
    ends = {each.client: each.outcome for each in attempts if not each.client.startswith("step-")}
    assert ends == {f"{who}-{over}": how for who, how in WAYS.items() for over in EVERY}
    refused = {(each.what, each.over, each.outcome) for each in attempts if each.client.startswith("step-")}
    assert refused == {("publish", over, "not-authorised") for over in WITH_QUEUES}

    for path in mqlab.latest.rglob("*"):
        assert path.is_dir() or not any(each in path.read_bytes() for each in PASSWORDS), path
