"""`mqlab up --api`: boto3 reboots a real broker, and the bridge is up again."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import boto3
import pytest

from lab import labs
from lab.errors import InputError
from tests.command import Commands
from tests.integration.labs import Engine

pytestmark = pytest.mark.docker


def test_boto3_reboots_a_broker_of_a_declared_lab(engine: Engine, tmp_path: Path) -> None:
    commands = Commands(folder=tmp_path)
    process = commands.start("up", "tokyo-singapore", "--api")
    try:
        assert process.stdout is not None
        said: dict[str, str] = {}
        for line in process.stdout:
            said |= dict(re.findall(r"^export (\w+)=(\S+)$", line))
            if line.startswith("# READY"):
                break
        mq: Any = boto3.client(
            "mq",
            endpoint_url=said["AWS_ENDPOINT_URL"],
            region_name="ap-northeast-1",
            aws_access_key_id=said["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=said["AWS_SECRET_ACCESS_KEY"],
        )
        broker = mq.list_brokers()["BrokerSummaries"][0]["BrokerId"]
        with labs.attach(environment=commands.environment()) as live:
            mq.reboot_broker(BrokerId=broker)
            assert mq.describe_broker(BrokerId=broker)["BrokerState"] == "REBOOT_IN_PROGRESS"
            with pytest.raises(InputError, match="another verb on tokyo is not over yet"):
                live.reboot("tokyo")
            live.wait(lambda: mq.describe_broker(BrokerId=broker)["BrokerState"] == "RUNNING", 90)
            live.wait(lambda: live.bridged("connector_tokyo_to_singapore"), 60)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
