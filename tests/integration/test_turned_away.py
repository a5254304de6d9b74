"""Each way in which a broker cannot be reached is told apart, on a real broker, over every protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history import Approached, read
from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_counting import together
from tests.integration.test_crossing import EVERY, WITH_QUEUES
from tests.integration.test_run import report

pytestmark = pytest.mark.docker
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


def without_their_causes(text: str) -> str:
    """Let them know the password, trust the lab, have the rights, and leave the broker alone."""
    kept = [line for line in text.splitlines() if "- pause:" not in line and "- resume:" not in line]
    lines = "\n".join(line for line in kept if "- kill:" not in line)
    for before, after in (
        ("user: clerk, password: wrong", "user: clerk"),
        ("tls: untrusted", "tls: verified"),
        ("tls: wrong-name", "tls: verified"),
        ("user: guest", "user: clerk"),
        ("topology: ", f"topology: {TURNED_AWAY.parent}/"),
    ):
        assert before in lines
        lines = lines.replace(before, after)
    return lines


def test_each_way_is_told_apart_and_none_is_seen_without_its_cause(
    mqlab: Commands, engine: Engine, tmp_path: Path
) -> None:
    spoilt = tmp_path / "spoilt.yaml"
    spoilt.write_text(without_their_causes(TURNED_AWAY.read_text()))
    together(mqlab, engine, str(TURNED_AWAY), str(spoilt))

    attempts = [each for each in read(mqlab.latest / "history.jsonl").observations if isinstance(each, Approached)]
    ends = {each.client: each.outcome for each in attempts if not each.client.startswith("step-")}
    assert ends == {f"{who}-{over}": how for who, how in WAYS.items() for over in EVERY}
    refused = {(each.what, each.over, each.outcome) for each in attempts if each.client.startswith("step-")}
    assert refused == {("publish", over, "not-authorised") for over in WITH_QUEUES}

    other = Commands(folder=mqlab.folder / "spoilt")
    outcomes = {verdict["expectation"]: verdict["outcome"] for verdict in report(other.latest)["verdicts"]}
    expected = {claim: "held" if "client: stranger-" in claim else "broken" for claim in outcomes}
    tried = [each for each in read(other.latest / "history.jsonl").observations if isinstance(each, Approached)]
    assert outcomes == expected, [f"{each.client}: {each.outcome}: {each.note}" for each in tried]

    for folder in (mqlab.latest, other.latest):
        for path in folder.rglob("*"):
            assert path.is_dir() or not any(each in path.read_bytes() for each in PASSWORDS), path
