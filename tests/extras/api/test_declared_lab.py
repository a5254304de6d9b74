"""The API on a lab of a declared topology: boto3's requests act on its brokers and its router."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab import labs
from lab.history.reading import read
from lab.living.lab import Live
from tests.extras.api.clients import SINGAPORE, TOKYO, broker
from tests.extras.api.lab_clients import ServedLab
from tests.extras.api.test_configurations import encoded

CONNECTOR = "connector_tokyo_to_singapore"
PASSWORD = "over-the-ocean-1858"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedLab]:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path / "runs", environment={}) as live:
        yield ServedLab(live)


def id_of(mq: Any, name: str) -> str:
    return next(str(each["BrokerId"]) for each in mq.list_brokers()["BrokerSummaries"] if each["BrokerName"] == name)


def crosses(served: ServedLab, text: str) -> bool:
    live = served.account.live
    live.wait(lambda: live.bridged(CONNECTOR), 120)
    with live.connect("singapore", over="stomp") as far, live.connect("tokyo", over="stomp") as near:
        far.subscribe(queue="orders")
        live.wait(lambda: live.demand("tokyo", queue="orders"), 30)
        near.publish(text, queue="orders")
        return far.receive(within=30).body == text.encode()


def test_a_reboot_applies_a_user_and_messages_cross_again(served: ServedLab) -> None:
    mq = served.client("mq", TOKYO)
    name = id_of(mq, "tokyo")
    mq.create_user(BrokerId=name, Username="ledger", Password=PASSWORD, Groups=["readers"])
    assert mq.describe_user(BrokerId=name, Username="ledger")["Pending"]["PendingChange"] == "CREATE"
    mq.reboot_broker(BrokerId=name)
    assert mq.describe_broker(BrokerId=name)["BrokerState"] == "REBOOT_IN_PROGRESS"
    with pytest.raises(ClientError, match="REBOOT_IN_PROGRESS"):
        mq.reboot_broker(BrokerId=name)
    served.go_on()
    assert mq.describe_broker(BrokerId=name)["BrokerState"] == "RUNNING"
    assert "Pending" not in mq.describe_user(BrokerId=name, Username="ledger")
    assert crosses(served, "order 1")


def test_a_route_that_is_deleted_closes_the_link_and_made_again_opens_it(served: ServedLab) -> None:
    ec2, live = served.client("ec2", TOKYO), served.account.live
    live.wait(lambda: live.bridged(CONNECTOR), 120)
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    assert ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.1.0.0/16"]}])["Vpcs"][0]["VpcId"] == vpc
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]
    route = next(each for each in table["Routes"] if "VpcPeeringConnectionId" in each)
    asked = {"RouteTableId": table["RouteTableId"], "DestinationCidrBlock": route["DestinationCidrBlock"]}
    ec2.delete_route(**asked)
    assert not live.network.route_table("tokyo").routes
    live.wait(lambda: not live.bridged(CONNECTOR), 120)
    ec2.create_route(**asked, VpcPeeringConnectionId=route["VpcPeeringConnectionId"])
    live.wait(lambda: live.bridged(CONNECTOR), 120)
    assert [each["VpcId"] for each in served.client("ec2", SINGAPORE).describe_vpcs()["Vpcs"]] != [vpc]


def test_a_peering_is_deleted_requested_and_accepted_again(served: ServedLab) -> None:
    near, far, live = served.client("ec2", TOKYO), served.client("ec2", SINGAPORE), served.account.live
    old = near.describe_vpc_peering_connections()["VpcPeeringConnections"][0]
    near.delete_vpc_peering_connection(VpcPeeringConnectionId=old["VpcPeeringConnectionId"])
    made = near.create_vpc_peering_connection(
        VpcId=near.describe_vpcs()["Vpcs"][0]["VpcId"],
        PeerVpcId=far.describe_vpcs()["Vpcs"][0]["VpcId"],
        PeerRegion=SINGAPORE,
    )["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    assert live.network.peering(made).name == "tokyo-singapore"
    far.accept_vpc_peering_connection(VpcPeeringConnectionId=made)
    assert str(live.network.peering(made).state) == "active"


def test_a_group_of_the_api_is_a_group_of_the_lab(served: ServedLab) -> None:
    ec2, mq, live = served.client("ec2", TOKYO), served.client("mq", TOKYO), served.account.live
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="mq", Description="d")["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 61617, "ToPort": 61617, "IpRanges": [{"CidrIp": "10.2.0.0/16"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    mq.update_broker(BrokerId=id_of(mq, "tokyo"), SecurityGroups=[group])
    assert mq.describe_broker(BrokerId=id_of(mq, "tokyo"))["PendingSecurityGroups"] == [group]
    mq.reboot_broker(BrokerId=id_of(mq, "tokyo"))
    served.go_on()
    assert live.account.broker("tokyo").security_groups == (group,)
    assert [str(each) for each in live.network.group(group).inbound] == ["tcp 61617 10.2.0.0/16"]
    named = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]
    assert len(named) == 1
    ec2.revoke_security_group_ingress(GroupId=named[0]["GroupId"], IpPermissions=named[0]["IpPermissions"])
    assert not live.network.group("default-tokyo").inbound


def test_the_configuration_window_and_tags_are_kept(served: ServedLab) -> None:
    mq, live = served.client("mq", TOKYO), served.account.live
    name = id_of(mq, "tokyo")
    made = mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.18", Name="mine")
    mq.update_configuration(ConfigurationId=made["Id"], Data=encoded(), Description="first")
    assert live.account.configuration("mine").latest.description == "first"
    window = {"DayOfWeek": "FRIDAY", "TimeOfDay": "03:00", "TimeZone": "UTC"}
    mq.update_broker(BrokerId=name, Configuration={"Id": made["Id"], "Revision": 2}, MaintenanceWindowStartTime=window)
    assert live.account.broker("tokyo").window.day.lower() == "friday"
    assert str(live.account.broker("tokyo").pending) == "mine revision 2"
    arn = mq.describe_broker(BrokerId=name)["BrokerArn"]
    mq.create_tags(ResourceArn=arn, Tags={"team": "orders"})
    assert mq.describe_broker(BrokerId=name)["Tags"] == {"team": "orders"}
    assert mq.describe_broker(BrokerId=name)["MaintenanceWindowStartTime"] == window
    spare = mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.18", Name="spare")
    mq.delete_configuration(ConfigurationId=spare["Id"])
    assert [each.name for each in live.account.configurations if each.name == "spare"] == []


def test_parts_that_a_declared_lab_does_not_have_are_refused_by_name(served: ServedLab) -> None:
    ec2, mq = served.client("ec2", TOKYO), served.client("mq", TOKYO)
    before = served.account.live.lab.note.control
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    for refused, words in (
        (lambda: ec2.create_vpc(CidrBlock="10.9.0.0/16"), "CreateVpc is not possible in this form"),
        (lambda: ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.9.0/24"), "InvalidSubnet.Conflict"),
        (lambda: ec2.delete_vpc(VpcId=vpc), "DependencyViolation"),
        (lambda: mq.create_broker(**broker("osaka")), r"declares no broker \[osaka\].*still to be created: none"),
        (lambda: mq.update_broker(BrokerId=id_of(mq, "tokyo"), EngineVersion="5.19"), "change engine-version"),
    ):
        with pytest.raises(ClientError, match=words):
            refused()
    assert served.account.live.lab.note.control == before


def test_a_broker_that_is_declared_for_later_is_created_and_deleted(tmp_path: Path) -> None:
    story = Path("tests/replay/stories/later.yaml")
    with labs.up(story, runtime="simulation", runs=tmp_path / "runs", environment={}) as live:
        served = ServedLab(live)
        mq, ec2 = served.client("mq", SINGAPORE), served.client("ec2", SINGAPORE)
        assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
        users = [{"Username": "testuser", "Password": "correct-horse-42"}]
        wrong = [{"Username": "testuser", "Password": PASSWORD}]
        version = next(each for each, _ in live.account.later).engine_version
        asked = broker("singapore", EngineVersion=version)
        for members, attribute in (
            ({"Users": wrong}, "users"),
            ({"Users": users, "DeploymentMode": "ACTIVE_STANDBY_MULTI_AZ"}, "deploymentMode"),
            ({"Users": [users[0] | {"Groups": ["admins"]}]}, "groups"),
            ({"Users": [users[0] | {"ConsoleAccess": True}]}, "consoleAccess"),
            ({"Users": users, "Tags": {"team": "orders"}}, "tags"),
        ):
            with pytest.raises(ClientError, match="declare") as error:
                mq.create_broker(**asked | members)
            assert error.value.response["ErrorAttribute"] == attribute
        kept = {
            "HostInstanceType": "mq.m5.xlarge",
            "Logs": {"General": True, "Audit": False},
            "EncryptionOptions": {"UseAwsOwnedKey": False, "KmsKeyId": "alias/sea"},
        }
        asked |= {"Users": users, "CreatorRequestId": "once", **kept}
        with pytest.raises(ClientError, match=r"mq\.m5\.huge"):
            mq.create_broker(**asked | {"HostInstanceType": "mq.m5.huge"})
        made = mq.create_broker(**asked)
        described = mq.describe_broker(BrokerId=made["BrokerId"])
        assert (described["BrokerState"], described["BrokerInstances"]) == ("CREATION_IN_PROGRESS", [])
        assert mq.create_broker(**asked)["BrokerId"] == made["BrokerId"]
        with pytest.raises(ClientError, match="already exists"):
            mq.create_broker(**asked | {"CreatorRequestId": "twice"})
        served.go_on()
        described = mq.describe_broker(BrokerId=made["BrokerId"])
        assert described["BrokerState"] == "RUNNING"
        assert {name: described[name] for name in ("HostInstanceType", "EncryptionOptions")} == {
            name: kept[name] for name in ("HostInstanceType", "EncryptionOptions")
        }
        assert (described["Logs"]["General"], described["Logs"]["Audit"]) == (True, False)
        live.wait(lambda: live.bridged("to_singapore"), 120)
        assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == 1
        mq.delete_broker(BrokerId=made["BrokerId"])
        assert mq.describe_broker(BrokerId=made["BrokerId"])["BrokerState"] == "DELETION_IN_PROGRESS"
        served.go_on()
        assert mq.list_brokers()["BrokerSummaries"] == []


def test_requests_leave_the_history_that_verbs_leave(tmp_path: Path) -> None:
    histories = []
    for way in (by_requests, by_verbs):
        with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path / way.__name__, environment={}) as live:
            way(live)
            path = live.folder / "history.jsonl"
        histories.append([plain(each) for each in read(path).observations])
    assert histories[0] == histories[1]


def by_requests(live: Live) -> None:
    served = ServedLab(live)
    mq, ec2 = served.client("mq", TOKYO), served.client("ec2", TOKYO)
    mq.create_user(BrokerId=id_of(mq, "tokyo"), Username="ledger", Password=PASSWORD, Groups=["readers"])
    mq.reboot_broker(BrokerId=id_of(mq, "tokyo"))
    served.go_on()
    table = ec2.describe_route_tables()["RouteTables"][0]["RouteTableId"]
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="10.2.0.0/16")


def by_verbs(live: Live) -> None:
    live.create_user("tokyo", "ledger", PASSWORD, groups=["readers"])
    live.reboot("tokyo")
    live.delete_route("tokyo", "10.2.0.0/16")


def plain(observation: object) -> str:
    """Return an observation without its moment and the door of its verb."""
    fields = {name: getattr(observation, name) for name in observation.__struct_fields__}  # type: ignore[attr-defined]
    return repr(
        (type(observation).__name__, {name: each for name, each in fields.items() if name not in ("t", "by", "digest")})
    )
