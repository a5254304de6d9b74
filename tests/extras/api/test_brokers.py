"""Brokers by boto3: states, pending changes, answers."""

from __future__ import annotations

from typing import Any

from lab.extras.api.serving import ServedHere
from tests.extras.api.clients import SINGAPORE, TOKYO, broker, client, running


def test_a_broker_is_created_and_runs(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    made = mq.create_broker(**broker())
    first = mq.describe_broker(BrokerId=made["BrokerId"])
    assert (first["BrokerState"], first["BrokerInstances"]) == ("CREATION_IN_PROGRESS", [])
    assert set(first["Configurations"]) == {"History", "Pending"}
    then = mq.describe_broker(BrokerId=made["BrokerId"])
    assert then["BrokerState"] == "RUNNING"
    host = f"{made['BrokerId']}-1.mq.ap-northeast-1.amazonaws.com"
    (instance,) = then["BrokerInstances"]
    assert instance["Endpoints"] == [
        f"ssl://{host}:61617",
        f"amqp+ssl://{host}:5671",
        f"stomp+ssl://{host}:61614",
        f"mqtt+ssl://{host}:8883",
        f"wss://{host}:61619",
    ]
    assert (instance["ConsoleURL"], instance["IpAddress"]) == (f"https://{host}:8162", "172.31.0.4")
    assert then["Configurations"]["Current"]["Revision"] == 1


def test_a_description_has_what_terraform_and_ansible_compare(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    found = mq.describe_broker(BrokerId=running(mq, Tags={"team": "sea"}))
    assert {name: found[name] for name in ("EngineType", "AuthenticationStrategy", "StorageType", "EngineVersion")} == {
        "EngineType": "ActiveMQ",
        "AuthenticationStrategy": "simple",
        "StorageType": "efs",
        "EngineVersion": "5.18",
    }
    assert found["BrokerArn"] == f"arn:aws:mq:{TOKYO}:000000000000:broker:tokyo:{found['BrokerId']}"
    group = f"/aws/amazonmq/broker/{found['BrokerId']}"
    logs = {"General": False, "Audit": False, "GeneralLogGroup": f"{group}/general", "AuditLogGroup": f"{group}/audit"}
    assert found["Logs"] == logs
    assert found["MaintenanceWindowStartTime"] == {"DayOfWeek": "SUNDAY", "TimeOfDay": "00:00", "TimeZone": "UTC"}
    assert (found["AutoMinorVersionUpgrade"], found["EncryptionOptions"]) == (True, {"UseAwsOwnedKey": True})
    assert (found["HostInstanceType"], found["Tags"], found["ActionsRequired"]) == ("mq.m5.large", {"team": "sea"}, [])
    assert found["Users"] == [{"Username": "ana"}]
    assert [len(found["SubnetIds"]), len(found["SecurityGroups"])] == [1, 1]


def test_a_pair_has_two_instances_in_two_zones(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    found = mq.describe_broker(BrokerId=running(mq, DeploymentMode="ACTIVE_STANDBY_MULTI_AZ"))
    assert len(found["SubnetIds"]) == len({each["IpAddress"] for each in found["BrokerInstances"]}) == 2


def test_a_broker_in_a_vpc_has_an_address_of_its_subnet(mqlab_api: ServedHere) -> None:
    ec2, mq = client(mqlab_api, "ec2"), client(mqlab_api, "mq")
    place = network(ec2)
    found = mq.describe_broker(BrokerId=running(mq, **place))
    assert found["BrokerInstances"][0]["IpAddress"] == "10.1.1.4"
    assert (found["SubnetIds"], found["SecurityGroups"]) == (place["SubnetIds"], place["SecurityGroups"])


def test_a_reboot_is_in_progress_before_it_is_answered_and_applies_what_is_pending(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    broker_id = running(mq)
    own = mq.describe_broker(BrokerId=broker_id)["Configurations"]["Current"]["Id"]
    mq.update_configuration(ConfigurationId=own, Data=XML)
    mq.update_broker(
        BrokerId=broker_id,
        Configuration={"Id": own},
        EngineVersion="5.18",
        HostInstanceType="mq.m5.xlarge",
        Logs={"General": True},
    )
    waiting = mq.describe_broker(BrokerId=broker_id)
    assert waiting["Configurations"]["Pending"] == {"Id": own, "Revision": 2}
    assert (waiting["Logs"]["Pending"], waiting["PendingHostInstanceType"]) == (
        {"General": True, "Audit": False},
        "mq.m5.xlarge",
    )
    assert "PendingEngineVersion" not in waiting
    mq.reboot_broker(BrokerId=broker_id)
    assert states(mq, broker_id, 2) == ["REBOOT_IN_PROGRESS", "RUNNING"]
    after = mq.describe_broker(BrokerId=broker_id)
    assert after["Configurations"] == {
        "Current": {"Id": own, "Revision": 2},
        "History": [{"Id": own, "Revision": 1}],
    }
    assert (after["HostInstanceType"], after["Logs"]["General"], "Pending" in after["Logs"]) == (
        "mq.m5.xlarge",
        True,
        False,
    )


def test_an_upgrade_of_the_engine_waits_for_the_reboot(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    broker_id = running(mq)
    newer = mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.19", Name="newer")["Id"]
    mq.update_broker(BrokerId=broker_id, EngineVersion="5.19", Configuration={"Id": newer})
    waiting = mq.describe_broker(BrokerId=broker_id)
    assert (waiting["EngineVersion"], waiting["PendingEngineVersion"]) == ("5.18", "5.19")
    mq.reboot_broker(BrokerId=broker_id)
    states(mq, broker_id, 2)
    after = mq.describe_broker(BrokerId=broker_id)
    assert (after["EngineVersion"], after["Configurations"]["Current"]["Id"]) == ("5.19", newer)


def test_window_and_upgrades_of_minor_versions_change_at_once(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    broker_id = running(mq)
    window = {"DayOfWeek": "FRIDAY", "TimeOfDay": "03:30", "TimeZone": "Asia/Tokyo"}
    mq.update_broker(BrokerId=broker_id, MaintenanceWindowStartTime=window, AutoMinorVersionUpgrade=True)
    assert mq.describe_broker(BrokerId=broker_id)["MaintenanceWindowStartTime"] == window


def test_groups_are_pending_until_the_reboot(mqlab_api: ServedHere) -> None:
    ec2, mq = client(mqlab_api, "ec2"), client(mqlab_api, "mq")
    place = network(ec2)
    broker_id = running(mq, **place)
    other = ec2.create_security_group(GroupName="other", Description="d", VpcId=place_vpc(ec2, place))["GroupId"]
    mq.update_broker(BrokerId=broker_id, SecurityGroups=[other])
    waiting = mq.describe_broker(BrokerId=broker_id)
    assert (waiting["SecurityGroups"], waiting["PendingSecurityGroups"]) == (place["SecurityGroups"], [other])
    mq.reboot_broker(BrokerId=broker_id)
    states(mq, broker_id, 2)
    assert mq.describe_broker(BrokerId=broker_id)["SecurityGroups"] == [other]
    filters = [{"Name": "group-id", "Values": [other]}]
    assert len(ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]) == 1


def test_a_deleted_broker_goes_after_it_was_seen_and_its_name_is_free_again(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    broker_id = running(mq)
    assert mq.delete_broker(BrokerId=broker_id)["BrokerId"] == broker_id
    assert states(mq, broker_id, 1) == ["DELETION_IN_PROGRESS"]
    assert mq.list_brokers()["BrokerSummaries"] == []
    own = mq.list_configurations()["Configurations"]
    assert [each["Name"] for each in own] == ["tokyo-configuration"]
    mq.delete_configuration(ConfigurationId=own[0]["Id"])
    assert running(mq) != broker_id


def test_one_name_may_be_in_two_regions(mqlab_api: ServedHere) -> None:
    tokyo, singapore = client(mqlab_api, "mq"), client(mqlab_api, "mq", SINGAPORE)
    for mq in (tokyo, singapore):
        running(mq, BrokerName="same")
    for mq, region in ((tokyo, TOKYO), (singapore, SINGAPORE)):
        (row,) = mq.list_brokers()["BrokerSummaries"]
        assert (row["BrokerName"], row["BrokerArn"].split(":")[3]) == ("same", region)
        assert [each["Name"] for each in mq.list_configurations()["Configurations"]] == ["same-configuration"]


def test_the_same_request_again_has_the_same_answer(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    twice = [mq.create_broker(**broker(CreatorRequestId="once"))["BrokerId"] for _ in range(2)]
    assert len(set(twice)) == 1


def test_a_creation_may_take_a_time_that_the_server_is_given(mqlab_api: ServedHere, tmp_path: Any) -> None:
    from lab.extras.api.serving import served

    with served(tmp_path / "slow", takes=3600) as slow:
        mq = client(slow, "mq")
        broker_id = mq.create_broker(**broker())["BrokerId"]
        assert set(states(mq, broker_id, 4)) == {"CREATION_IN_PROGRESS"}


def test_lists_have_pages(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    names = [f"b{number}" for number in range(7)]
    for name in names:
        mq.create_broker(**broker(name))
    pages = list(mq.get_paginator("list_brokers").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["BrokerSummaries"]) for page in pages] == [3, 3, 1]
    assert [row["BrokerName"] for page in pages for row in page["BrokerSummaries"]] == names


def test_options_name_engine_versions_and_instance_types(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    (engine,) = mq.describe_broker_engine_types()["BrokerEngineTypes"]
    assert [each["Name"] for each in engine["EngineVersions"]] == ["5.19", "5.18"]
    rows = mq.describe_broker_instance_options(HostInstanceType="mq.m5.large")["BrokerInstanceOptions"]
    assert [row["StorageType"] for row in rows] == ["EFS", "EBS"]
    assert rows[1]["SupportedDeploymentModes"] == ["SINGLE_INSTANCE"]
    assert mq.describe_broker_engine_types(EngineType="RABBITMQ")["BrokerEngineTypes"] == []


def test_no_broker_shares_resources(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    assert mq.describe_shared_resources(BrokerId=running(mq))["SharedResources"] == []


XML = "PGJyb2tlciB4bWxucz0iaHR0cDovL2FjdGl2ZW1xLmFwYWNoZS5vcmcvc2NoZW1hL2NvcmUiLz4="


def states(mq: Any, broker_id: str, times: int) -> list[str]:
    return [mq.describe_broker(BrokerId=broker_id)["BrokerState"] for _ in range(times)]


def network(ec2: Any) -> dict[str, Any]:
    """Return the place of a broker in a VPC of its own."""
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="mq", Description="d", VpcId=vpc)["GroupId"]
    return {"SubnetIds": [subnet], "SecurityGroups": [group]}


def place_vpc(ec2: Any, place: dict[str, Any]) -> str:
    return str(ec2.describe_subnets(SubnetIds=place["SubnetIds"])["Subnets"][0]["VpcId"])
