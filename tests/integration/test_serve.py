"""`mqlab serve`: boto3 builds two regions of real brokers from nothing, though the server dies and comes back."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from typing import Any

import boto3
import docker.errors
import pytest

from lab import labs
from lab.errors import LabTimeout
from lab.living.lab import Live
from tests.command import Commands
from tests.extras.api.built_labs import CONNECTOR, asked, bridged, join, vpc_of
from tests.extras.api.clients import SINGAPORE, TOKYO
from tests.integration.labs import Engine, left_of

pytestmark = [pytest.mark.docker, pytest.mark.release]
Client = Callable[[str, str], Any]


def served(commands: Commands) -> tuple[Popen[str], Client]:
    """Start a server, and return its process and its clients."""
    process, said = commands.served("serve", "--port", "0")

    def client(service: str, region: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=said["AWS_ENDPOINT_URL"],
            region_name=region,
            aws_access_key_id=said["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=said["AWS_SECRET_ACCESS_KEY"],
        )

    return process, client


def test_boto3_builds_brokers_and_a_bridge_though_the_server_is_killed(engine: Engine, tmp_path: Path) -> None:
    commands = Commands(folder=tmp_path)
    process, client = served(commands)
    try:
        near, far = client("ec2", TOKYO), client("ec2", SINGAPORE)
        places = vpc_of(near, TOKYO), vpc_of(far, SINGAPORE)
        join(near, far, (places[0][0], places[1][0]))
        tokyo = client("mq", TOKYO).create_broker(**asked("tokyo", places[0]))["BrokerId"]
        singapore = client("mq", SINGAPORE).create_broker(**asked("singapore", places[1]))["BrokerId"]
        process.kill()
        process.communicate(timeout=60)
        process, client = served(commands)
        mq, mq_far = client("mq", TOKYO), client("mq", SINGAPORE)
        with labs.attach(environment=commands.environment()) as live:
            becomes(live, mq, tokyo, "RUNNING")
            becomes(live, mq_far, singapore, "RUNNING")
            bridged(mq, tokyo, singapore)
            assert mq.describe_broker(BrokerId=tokyo)["BrokerState"] == "REBOOT_IN_PROGRESS"
            becomes(live, mq, tokyo, "RUNNING")
            live.wait(lambda: live.bridged(CONNECTOR), 60)
            with live.connect("singapore", over="stomp") as there, live.connect("tokyo", over="stomp") as here:
                there.subscribe(queue="orders")
                live.wait(lambda: live.demand("tokyo", queue="orders"), 30)
                here.publish("order 1", queue="orders")
                assert there.receive(within=30).body == b"order 1"
            round_trip = live.status().links[0].round_trip_ms
            assert round_trip is not None
            assert 70 < round_trip < 100
            osaka = mq.create_broker(**asked("osaka", places[0]))["BrokerId"]
            live.wait(lambda: killed(engine, f"mqlab-{live.run}-osaka"), 60)
            becomes(live, mq, osaka, "CREATION_FAILED")
            mq.delete_broker(BrokerId=osaka)
            live.wait(lambda: len(mq.list_brokers()["BrokerSummaries"]) == 1, 60)
            run = live.run
        ended = commands("down")
        assert ended.code == 0, ended
        process.communicate(timeout=60)
        assert left_of(engine.client, run) == []
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def becomes(live: Live, mq: Any, broker: str, state: str) -> None:
    """Wait for a state of a broker; a failure tells its state and what the lab's monitor did."""

    def now() -> str:
        return str(mq.describe_broker(BrokerId=broker)["BrokerState"])

    try:
        live.wait(lambda: now() == state, 90)
    except LabTimeout as late:
        log = (live.folder / "monitor.log").read_text("utf-8")
        raise AssertionError(f"{broker} is {now()}, not {state}; the monitor's log:\n{log}") from late


def killed(engine: Engine, container: str) -> bool:
    """Kill a container if it runs; return whether it did."""
    with suppress(docker.errors.APIError):
        engine.client.containers.get(container).kill()
        return True
    return False
