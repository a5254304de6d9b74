"""Brokers by boto3: states, pending changes, answers."""

from __future__ import annotations

from lab.api.serving import ServedHere
from tests.api.clients import broker, client


def test_a_broker_is_created_and_runs(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    made = mq.create_broker(**broker())
    first = mq.describe_broker(BrokerId=made["BrokerId"])
    assert (first["BrokerState"], first["BrokerInstances"]) == ("CREATION_IN_PROGRESS", [])
    assert set(first["Configurations"]) == {"History", "Pending"}
    then = mq.describe_broker(BrokerId=made["BrokerId"])
    assert then["BrokerState"] == "RUNNING"
    host = f"{made['BrokerId']}-1.mq.ap-northeast-1.amazonaws.com"
    assert then["BrokerInstances"][0]["Endpoints"] == [
        f"ssl://{host}:61617",
        f"amqp+ssl://{host}:5671",
        f"stomp+ssl://{host}:61614",
        f"mqtt+ssl://{host}:8883",
        f"wss://{host}:61619",
    ]
    assert then["Configurations"]["Current"]["Revision"] == 1
