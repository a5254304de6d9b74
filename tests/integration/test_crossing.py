"""What is sent over any protocol arrives over every other one, across the bridge, and is known one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands
from tests.integration.test_run import report

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
