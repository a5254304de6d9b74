"""`mqlab up --api`: AWS's names and ports lead to real brokers; boto3 reboots one, and the bridge is up again."""

from __future__ import annotations

import signal
import socket
import ssl
from pathlib import Path
from typing import Any

import boto3
import pytest

from lab import labs
from lab.activemq.protocols import ENDPOINTS
from lab.cli.env import hosts
from lab.errors import InputError
from tests.command import Commands
from tests.integration.labs import Engine

pytestmark = pytest.mark.docker


def test_boto3_reboots_a_broker_of_a_declared_lab(engine: Engine, tmp_path: Path) -> None:
    commands = Commands(folder=tmp_path)
    process, said = commands.served("up", "tokyo-singapore", "--api")
    try:
        mq: Any = boto3.client(
            "mq",
            endpoint_url=said["AWS_ENDPOINT_URL"],
            region_name="ap-northeast-1",
            aws_access_key_id=said["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=said["AWS_SECRET_ACCESS_KEY"],
        )
        broker = mq.list_brokers()["BrokerSummaries"][0]["BrokerId"]
        with labs.attach(environment=commands.environment()) as live:
            for host, address in hosts(live).items():
                trusted = ssl.create_default_context(cafile=live.lab.whereabouts().ca_file)
                for each in ENDPOINTS:
                    with (
                        socket.create_connection((address, each.port), 30) as plain,
                        trusted.wrap_socket(plain, server_hostname=host) as secure,
                    ):
                        assert secure.version() in ("TLSv1.2", "TLSv1.3")
            mq.reboot_broker(BrokerId=broker)
            assert mq.describe_broker(BrokerId=broker)["BrokerState"] == "REBOOT_IN_PROGRESS"
            with pytest.raises(InputError, match="another verb on tokyo has not ended yet"):
                live.reboot("tokyo")
            live.wait(lambda: mq.describe_broker(BrokerId=broker)["BrokerState"] == "RUNNING", 90)
            live.wait(lambda: live.bridged("connector_tokyo_to_singapore"), 60)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
