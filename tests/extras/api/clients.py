"""boto3's clients of a server."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from lab.extras.api.serving import ServedHere

TOKYO, SINGAPORE, IRELAND = "ap-northeast-1", "ap-southeast-1", "eu-west-1"
PASSWORD = "wonderland-1866"


def client(api: ServedHere, service: str, region: str = TOKYO, **settings: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=api.url,
        region_name=region,
        aws_access_key_id=settings.pop("access_key", api.access_key),
        aws_secret_access_key="mqlab",
        config=Config(retries={"total_max_attempts": 1}, **settings),
    )


def broker(name: str = "tokyo", **members: Any) -> dict[str, Any]:
    """Return the request of a broker."""
    return {
        "BrokerName": name,
        "DeploymentMode": "SINGLE_INSTANCE",
        "EngineType": "ACTIVEMQ",
        "EngineVersion": "5.18",
        "HostInstanceType": "mq.m5.large",
        "PubliclyAccessible": True,
        "AutoMinorVersionUpgrade": True,
        "Users": [{"Username": "ana", "Password": PASSWORD}],
    } | members


def running(mq: Any, name: str = "tokyo", **members: Any) -> str:
    """Create a broker, ask until it runs, and return its id."""
    broker_id = str(mq.create_broker(**broker(**{"BrokerName": name} | members))["BrokerId"])
    states = [mq.describe_broker(BrokerId=broker_id)["BrokerState"] for _ in range(2)]
    assert states == ["CREATION_IN_PROGRESS", "RUNNING"]
    return broker_id
