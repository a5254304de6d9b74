"""A lab that boto3's requests build from nothing: VPCs, a peering, routes, groups, brokers, a bridge."""

from __future__ import annotations

from pathlib import Path

from tests.api.built_labs import CONNECTOR, asked, bridged, built, join, vpc_of
from tests.api.clients import SINGAPORE, TOKYO


def test_requests_build_two_regions_and_a_bridge_and_a_message_crosses(tmp_path: Path) -> None:
    with built(tmp_path) as served:
        live = served.account.live
        near, far = served.client("ec2", TOKYO), served.client("ec2", SINGAPORE)
        mq, mq_far = served.client("mq", TOKYO), served.client("mq", SINGAPORE)
        places = vpc_of(near, TOKYO), vpc_of(far, SINGAPORE)
        join(near, far, (places[0][0], places[1][0]))
        tokyo = mq.create_broker(**asked("tokyo", places[0]))["BrokerId"]
        described = mq.describe_broker(BrokerId=tokyo)
        assert (described["BrokerState"], described["BrokerInstances"]) == ("CREATION_IN_PROGRESS", [])
        singapore = mq_far.create_broker(**asked("singapore", places[1]))["BrokerId"]
        served.go_on()
        described = mq.describe_broker(BrokerId=tokyo)
        assert described["BrokerState"] == "RUNNING"
        assert described["BrokerInstances"][0]["IpAddress"].startswith("10.1.0.")
        bridged(mq, tokyo, singapore)
        assert mq.describe_broker(BrokerId=tokyo)["BrokerState"] == "REBOOT_IN_PROGRESS"
        served.go_on()
        live.wait(lambda: live.bridged(CONNECTOR), 120)
        assert [round(each.setting.impairment.delay.total_seconds() * 1000, 1) for each in live.links()] == [35.3, 35.3]
        with live.connect("singapore", over="stomp") as there, live.connect("tokyo", over="stomp") as here:
            there.subscribe(queue="orders")
            live.wait(lambda: live.demand("tokyo", queue="orders"), 30)
            here.publish("order 1", queue="orders")
            assert there.receive(within=30).body == b"order 1"
