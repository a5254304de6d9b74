"""What is sent over any protocol arrives over every other one, across the bridge, and is known one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_counting import both
from tests.integration.test_run import reasons, report

pytestmark = pytest.mark.docker
CROSSING = Path(__file__).parent / "scenarios" / "crossing.yaml"
EVERY, WITH_QUEUES = ("mqtt", "stomp", "amqp", "mqtt-wss", "stomp-wss"), ("stomp", "amqp", "stomp-wss")


def counted(folder: Path) -> dict[str, tuple[int, ...]]:
    keys = ("expected", "received", "lost", "duplicated", "unexpected")
    return {each["subscriber"]: tuple(each[key] for key in keys) for each in report(folder)["deliveries"]}


def test_from_any_protocol_to_any(mqlab: Commands) -> None:
    ended = mqlab("run", CROSSING)
    assert ended.code == 0, ended
    # A body of the lab's, one of a person's, and one that is not persistent; three of each, from five protocols.
    topics = {f"hears-{over}": (45, 45, 0, 0, 0) for over in EVERY}
    queues = {f"takes-{to}-of-{of}": (3, 3, 0, 0, 0) for to in WITH_QUEUES for of in WITH_QUEUES}
    assert counted(mqlab.latest) == topics | queues


def test_from_mqtt_over_stomp_to_amqp(mqlab: Commands, engine: Engine) -> None:
    """One way only, Singapore still hears Tokyo, and nothing comes back."""
    held, _ = both(mqlab, engine, "mqtt-stomp-amqp")
    assert counted(mqlab.latest) == {
        "office": (20, 20, 0, 0, 0),
        "archive": (20, 20, 0, 0, 0),
        "display": (5, 5, 0, 0, 0),
    }
    assert "20 of 20 reached archive, each once" in held
    other = Commands(folder=mqlab.folder / "spoilt")
    assert "20 of 20 reached office, each once" in reasons(report(other.latest), "held"), "the first leg is as it was"
