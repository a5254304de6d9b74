"""The service's side on real brokers: what is pending changes nothing, and a reboot applies it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history import StepEnded, read
from tests.command import Commands
from tests.integration.labs import Engine, left_of

pytestmark = [pytest.mark.docker, pytest.mark.release]

SCENARIO = Path(__file__).parent / "scenarios" / "service.yaml"
WRITERS = "MQ-lab-2021-writer"
PASSWORDS = ("MQ-lab-2019-", "MQ-lab-2020-", WRITERS)


def no_password_in(run: Path) -> None:
    for path in run.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [each for each in PASSWORDS if each.encode() in content], path


def test_windows_roll_backs_and_rights(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", SCENARIO, seconds=240, WRITERS_PASSWORD=WRITERS)
    assert ended.code == 0, ended
    assert not [each for each in PASSWORDS if each in ended.out + ended.err]
    no_password_in(mqlab.latest)
    steps = {
        each.step: each for each in read(mqlab.latest / "history.jsonl").observations if isinstance(each, StepEnded)
    }
    assert [number for number, step in steps.items() if not step.ok] == [7], "11 is refused as it is to be"
    assert "not authorised" in steps[7].note, "who waits for a reboot may not log in"
    assert "User reader is not authorized to write to: topic://orders" in steps[11].note
    assert left_of(engine.client, mqlab.latest.name) == []
