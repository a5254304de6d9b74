"""The service's side on real brokers: what is pending changes nothing, and a reboot applies it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history import StepEnded, read
from tests.command import Commands
from tests.integration.labs import Engine, left_of
from tests.integration.test_run import reasons, report
from tests.twins import broken_for_its_reason

pytestmark = pytest.mark.docker

SCENARIO = Path(__file__).parent / "scenarios" / "service.yaml"
WRITERS = "MQ-lab-2021-writer"
PASSWORDS = ("MQ-lab-2019-", "MQ-lab-2020-", WRITERS)


def both(mqlab: Commands, engine: Engine, name: str) -> tuple[str, str]:
    """Run a scenario and its broken twin at once, and return the reasons: held, and broken."""
    other = Commands(folder=mqlab.folder / "spoilt")
    started = [(mqlab, mqlab.start("run", name)), (other, other.start("run", f"{name}-broken"))]
    ended = [commands.end_of(process, 240) for commands, process in started]
    assert [each.code for each in ended] == [0, 1], ended
    for commands in (mqlab, other):
        assert left_of(engine.client, commands.latest.name) == []
        no_password_in(commands.latest)
    broken_for_its_reason(name, report(other.latest))
    return reasons(report(mqlab.latest), "held"), reasons(report(other.latest), "broken")


def no_password_in(run: Path) -> None:
    for path in run.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [each for each in PASSWORDS if each.encode() in content], path


def test_a_pending_revision_changes_nothing_until_the_reboot(mqlab: Commands, engine: Engine) -> None:
    held, broken = both(mqlab, engine, "revision-pending")
    assert "early heard nothing of 10 messages sent" in held
    assert "tokyo has tokyo-configuration revision 2, nothing pending after reboot" in held
    assert "no end of it was ever seen" in broken or "up nowhere" in broken
    given = mqlab.latest / "brokers" / "tokyo" / "activemq.2.xml"
    assert "connector_tokyo_to_singapore" in given.read_text()
    assert "connector_tokyo_to_singapore" not in given.with_name("activemq.xml").read_text()


def test_a_user_of_a_broker_that_was_not_rebooted_is_refused(mqlab: Commands, engine: Engine) -> None:
    held, _ = both(mqlab, engine, "user-not-rebooted")
    assert "User name [bridge] or password is invalid" in held
    assert "the user bridge of singapore has nothing pending after reboot" in held


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
