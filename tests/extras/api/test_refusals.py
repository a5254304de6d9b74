"""Every refusal of Amazon MQ by boto3: code, attribute, words."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab.extras.api.serving import ServedHere
from tests.extras.api.clients import PASSWORD, SINGAPORE, broker, client, running

BAD, CONFLICT, NOT_FOUND = "BadRequestException", "ConflictException", "NotFoundException"
NOWHERE = "b-1234a5b6-78cd-901e-2f3a-45b6c7d8e9f0"
USER = {"Username": "ana", "Password": PASSWORD}

CREATIONS = [  # members of the request → code, attribute, words
    ({"BrokerName": "a b"}, BAD, "brokerName", "letters, digits"),
    ({"BrokerName": "x" * 51}, BAD, "brokerName", "1 to 50"),
    ({"EngineType": "RABBITMQ"}, BAD, "engineType", "The lab has no RabbitMQ."),
    (
        {"EngineVersion": "5.17.6"},
        BAD,
        "engineVersion",
        "Broker engine version [5.17.6] is invalid for broker engine type [ACTIVEMQ]. Valid values: [5.19, 5.18].",
    ),
    (
        {"AutoMinorVersionUpgrade": False},
        BAD,
        "autoMinorVersionUpgrade",
        "Brokers on [ActiveMQ] version [5.18] must have [autoMinorVersionUpgrade] set to [true].",
    ),
    ({"DeploymentMode": "CLUSTER_MULTI_AZ"}, BAD, "deploymentMode", "[CLUSTER_MULTI_AZ] is invalid"),
    ({"HostInstanceType": "mq.x1"}, BAD, "hostInstanceType", "'mq.x1'"),
    ({"StorageType": "EBS", "HostInstanceType": "mq.t3.micro"}, BAD, "storageType", "mq.m5"),
    ({"StorageType": "EBS", "DeploymentMode": "ACTIVE_STANDBY_MULTI_AZ"}, BAD, "storageType", "SINGLE_INSTANCE"),
    ({"Users": []}, BAD, "users", "0 users"),
    ({"Users": [USER, USER]}, BAD, "users", "[ana] is there twice"),
    ({"Users": [{"Username": "ana", "Password": "short"}]}, BAD, "users", "12 to 250"),
    ({"Users": [{"Username": "a", "Password": PASSWORD}]}, BAD, "users", "2 to 100"),
    ({"Users": [USER | {"Groups": [f"g{n}" for n in range(21)]}]}, BAD, "users", "at most 20"),
    (
        {"Users": [USER | {"ReplicationUser": True, "ConsoleAccess": True}]},
        BAD,
        "replicationUser",
        "[replicationUser] and [consoleAccess] are mutually exclusive parameters.",
    ),
    ({"Users": [USER | {"ReplicationUser": True}]}, BAD, "replicationUser", "no replication"),
    ({"AuthenticationStrategy": "LDAP"}, BAD, "authenticationStrategy", "no authentication strategy LDAP"),
    ({"AuthenticationStrategy": "CONFIG_MANAGED"}, BAD, "authenticationStrategy", "write SIMPLE"),
    ({"DataReplicationMode": "CRDR"}, BAD, "dataReplicationMode", "no replication"),
    ({"DataReplicationPrimaryBrokerArn": "x"}, BAD, "dataReplicationPrimaryBrokerArn", "leave it out"),
    ({"StorageSize": 10}, BAD, "storageSize", "leave it out"),
    ({"EncryptionOptions": {"UseAwsOwnedKey": True, "KmsKeyId": "k"}}, BAD, "encryptionOptions", "exclude"),
    ({"MaintenanceWindowStartTime": {"DayOfWeek": "MONDAY", "TimeOfDay": "25:00"}}, BAD, "timeOfDay", "25:00"),
    (
        {"MaintenanceWindowStartTime": {"DayOfWeek": "MONDAY", "TimeOfDay": "01:00", "TimeZone": "Mars"}},
        BAD,
        "timeZone",
        "Mars",
    ),
    (
        {"MaintenanceWindowStartTime": {"DayOfWeek": "NODAY", "TimeOfDay": "01:00"}},
        BAD,
        "maintenanceWindowStartTime.dayOfWeek",
        "NODAY",
    ),
    ({"Tags": {"aws:x": "1"}}, BAD, "tags", "aws:"),
    ({"Tags": {f"k{n}": "" for n in range(51)}}, BAD, "tags", "at most 50"),
    ({"Tags": {"k" * 129: ""}}, BAD, "tags", "128"),
    ({"SubnetIds": ["subnet-1", "subnet-2"]}, BAD, "subnetIds", "2 subnets"),
    ({"SubnetIds": ["subnet-1"]}, BAD, "subnetIds", "The subnet ID 'subnet-1' does not exist"),
    ({"SecurityGroups": ["sg-1"]}, BAD, "securityGroups", "The security group 'sg-1' does not exist"),
    ({"Configuration": {"Id": "c-1"}}, NOT_FOUND, "configuration", "Can't find requested configuration [c-1]"),
]


@pytest.mark.parametrize(("members", "code", "attribute", "words"), CREATIONS, ids=lambda word: str(word)[:40])
def test_a_creation_is_refused(
    mqlab_api: ServedHere, members: dict[str, Any], code: str, attribute: str, words: str
) -> None:
    mq = client(mqlab_api, "mq", parameter_validation=False)
    refused(lambda: mq.create_broker(**broker(**members)), code, attribute, words)
    assert mq.list_brokers()["BrokerSummaries"] == []


def test_places_of_a_broker_are_refused(mqlab_api: ServedHere) -> None:
    ec2, far, mq = client(mqlab_api, "ec2"), client(mqlab_api, "ec2", SINGAPORE), client(mqlab_api, "mq")
    vpcs = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (1, 2)]
    one, two = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.1.0/24")["Subnet"]["SubnetId"]
        for number, vpc in enumerate(vpcs, 1)
    )
    group = ec2.create_security_group(GroupName="mq", Description="d", VpcId=vpcs[0])["GroupId"]
    other = ec2.create_security_group(GroupName="mq", Description="d", VpcId=vpcs[1])["GroupId"]
    both = {"SubnetIds": [one, two], "SecurityGroups": [group], "DeploymentMode": "ACTIVE_STANDBY_MULTI_AZ"}
    refused(lambda: mq.create_broker(**broker(**both)), BAD, "subnetIds", "Subnets must belong to the same VPC.")
    words = "Subnets and security groups must belong to the default VPC when only one is provided."
    refused(lambda: mq.create_broker(**broker(SubnetIds=[one])), BAD, "subnetIds", words)
    refused(lambda: mq.create_broker(**broker(SecurityGroups=[group])), BAD, "securityGroups", words)
    wrong = {"SubnetIds": [one], "SecurityGroups": [other]}
    refused(lambda: mq.create_broker(**broker(**wrong)), BAD, "securityGroups", "belong to different networks")
    there = far.describe_subnets()["Subnets"][0]["SubnetId"]
    refused(lambda: mq.create_broker(**broker(SubnetIds=[there])), BAD, "subnetIds", "")
    for subnet in ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    refused(lambda: mq.create_broker(**broker()), BAD, "subnetIds", "Default VPC not found")


def test_a_second_broker_or_configuration_of_a_name_is_refused(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    running(mq)
    refused(lambda: mq.create_broker(**broker()), CONFLICT, "brokerName", "Broker [tokyo] already exists")
    create = {"EngineType": "ACTIVEMQ", "Name": "tokyo-configuration"}
    refused(lambda: mq.create_configuration(**create), CONFLICT, "name", "[tokyo-configuration] already exists")


def test_what_is_not_there_is_named(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    words = f"Can't find requested broker [{NOWHERE}]. Make sure your broker exists."
    calls: list[Callable[[], Any]] = [
        lambda: mq.describe_broker(BrokerId=NOWHERE),
        lambda: mq.delete_broker(BrokerId=NOWHERE),
        lambda: mq.update_broker(BrokerId=NOWHERE),
        lambda: mq.reboot_broker(BrokerId=NOWHERE),
        lambda: mq.promote(BrokerId=NOWHERE, Mode="FAILOVER"),
        lambda: mq.list_users(BrokerId=NOWHERE),
        lambda: mq.create_user(BrokerId=NOWHERE, Username="bob", Password=PASSWORD),
        lambda: mq.update_user(BrokerId=NOWHERE, Username="bob"),
        lambda: mq.delete_user(BrokerId=NOWHERE, Username="bob"),
        lambda: mq.describe_user(BrokerId=NOWHERE, Username="bob"),
        lambda: mq.describe_shared_resources(BrokerId=NOWHERE),
    ]
    for call in calls:
        refused(call, NOT_FOUND, "broker-id", words)
    broker_id = running(mq)
    far = client(mqlab_api, "mq", SINGAPORE)
    refused(lambda: far.describe_broker(BrokerId=broker_id), NOT_FOUND, "broker-id", "Can't find requested broker")
    for call in (mq.describe_user, mq.update_user, mq.delete_user):
        refused(lambda call=call: call(BrokerId=broker_id, Username="bob"), NOT_FOUND, "username", "user [bob]")
    for call in (mq.describe_configuration, mq.list_configuration_revisions, mq.delete_configuration):
        refused(lambda call=call: call(ConfigurationId="c-1"), NOT_FOUND, "configuration_id", "configuration [c-1]")
    save = {"ConfigurationId": "c-1", "Data": "PGEvPg=="}
    refused(lambda: mq.update_configuration(**save), NOT_FOUND, "configuration_id", "configuration [c-1]")
    arn = "arn:aws:mq:ap-northeast-1:000000000000:broker:x:b-1"
    refused(lambda: mq.list_tags(ResourceArn=arn), NOT_FOUND, "resource-arn", arn)
    refused(lambda: mq.create_tags(ResourceArn=arn, Tags={}), NOT_FOUND, "resource-arn", arn)
    refused(lambda: mq.delete_tags(ResourceArn=arn, TagKeys=["a"]), NOT_FOUND, "resource-arn", arn)


def test_a_broker_in_progress_is_neither_deleted_nor_rebooted_nor_updated(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    broker_id = mq.create_broker(**broker())["BrokerId"]
    words = "Broker [tokyo] can't be deleted while in state [CREATION_IN_PROGRESS]"
    refused(lambda: mq.delete_broker(BrokerId=broker_id), BAD, "broker-id", words)
    words = "Broker [tokyo] can't be rebooted while in state [CREATION_IN_PROGRESS]"
    refused(lambda: mq.reboot_broker(BrokerId=broker_id), BAD, "broker-id", words)
    change = {"BrokerId": broker_id, "HostInstanceType": "mq.t3.micro"}
    refused(lambda: mq.update_broker(**change), CONFLICT, None, "CREATION_IN_PROGRESS")


def test_updates_are_refused(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq", parameter_validation=False)
    broker_id = running(mq, EngineVersion="5.19")
    older = mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.18", Name="older")["Id"]
    for members, attribute, words in (
        ({"EngineVersion": "5.18"}, "engineVersion", "Amazon MQ does not downgrade brokers"),
        ({"EngineVersion": "4"}, "engineVersion", "[4] is invalid"),
        ({"AutoMinorVersionUpgrade": False}, "autoMinorVersionUpgrade", "must have"),
        ({"HostInstanceType": "huge"}, "hostInstanceType", "'huge'"),
        ({"Configuration": {"Id": older}}, "configuration", "for engine version [5.18], not [5.19]"),
        ({"Configuration": {"Id": older, "Revision": 9}}, "configuration", "no revision [9]"),
        ({"SecurityGroups": [f"sg-{number}" for number in range(6)]}, "securityGroups", "at most 5"),
        ({"SecurityGroups": ["sg-nowhere"]}, "securityGroups", "does not exist"),
        ({"MaintenanceWindowStartTime": {"DayOfWeek": "MONDAY", "TimeOfDay": "1"}}, "timeOfDay", "'1'"),
        ({"DataReplicationMode": "CRDR"}, "dataReplicationMode", "no replication"),
        ({"AuthenticationStrategy": "LDAP"}, "authenticationStrategy", "LDAP"),
    ):
        before = mq.describe_broker(BrokerId=broker_id)
        refused(lambda members=members: mq.update_broker(BrokerId=broker_id, **members), BAD, attribute, words)
        after = mq.describe_broker(BrokerId=broker_id)
        assert before | {"ResponseMetadata": 0} == after | {"ResponseMetadata": 0}


def test_users_are_refused(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    broker_id = running(mq)
    bob = {"BrokerId": broker_id, "Username": "bob", "Password": PASSWORD}
    refused(lambda: mq.create_user(**bob | {"Password": "short"}), BAD, "password", "12 to 250")
    refused(lambda: mq.create_user(**bob | {"Username": "b b"}), BAD, "username", "user name")
    refused(lambda: mq.create_user(**bob | {"Groups": ["a b"]}), BAD, "groups", "group")
    refused(lambda: mq.create_user(**bob | {"ReplicationUser": True}), BAD, "replicationUser", "no replication")
    refused(lambda: mq.create_user(**bob | {"Username": "ana"}), CONFLICT, "username", "ana")
    mq.delete_user(BrokerId=broker_id, Username="ana")
    update = {"BrokerId": broker_id, "Username": "ana", "Groups": []}
    refused(lambda: mq.update_user(**update), CONFLICT, "username", "about to be deleted")


def test_configurations_are_refused(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    broker_id = running(mq)
    own = mq.describe_broker(BrokerId=broker_id)["Configurations"]["Current"]["Id"]
    refused(lambda: mq.delete_configuration(ConfigurationId=own), CONFLICT, None, "tokyo has the configuration")
    create = {"EngineType": "ACTIVEMQ", "Name": "c"}
    refused(lambda: mq.create_configuration(**create | {"EngineType": "RABBITMQ"}), BAD, "engineType", "RabbitMQ")
    refused(lambda: mq.create_configuration(**create | {"EngineVersion": "6"}), BAD, "engineVersion", "[6]")
    refused(lambda: mq.create_configuration(**create | {"Name": "a/b"}), BAD, "name", "configuration name")
    refused(
        lambda: mq.create_configuration(**create | {"AuthenticationStrategy": "LDAP"}),
        BAD,
        "authenticationStrategy",
        "LDAP",
    )
    for data, words in (("@@", "base64"), (encoded("<broker"), "tokyo-configuration.xml:1:"), (encoded("\xff"), "")):
        refused(lambda data=data: mq.update_configuration(ConfigurationId=own, Data=data), BAD, None, words)
    for number, code in (("0", NOT_FOUND), ("7", NOT_FOUND), ("x", BAD)):
        ask = {"ConfigurationId": own, "ConfigurationRevision": number}
        refused(lambda ask=ask: mq.describe_configuration_revision(**ask), code, "configuration-revision", "")
    assert len(mq.list_configuration_revisions(ConfigurationId=own)["Revisions"]) == 1


def test_pages_and_promotion_are_refused(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq", parameter_validation=False)
    refused(lambda: mq.list_brokers(NextToken="x"), BAD, "nextToken", "without it")
    refused(lambda: mq.list_brokers(MaxResults=0), BAD, "maxResults", "")
    refused(lambda: mq.list_brokers(MaxResults=101), BAD, "maxResults", "")
    broker_id = running(mq)
    refused(lambda: mq.promote(BrokerId=broker_id, Mode="FAILOVER"), BAD, None, "is not a replica")


def test_a_request_without_a_required_part_is_refused(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq", parameter_validation=False)
    request = broker()
    for name, attribute in (("BrokerName", "brokerName"), ("PubliclyAccessible", "publiclyAccessible")):
        less = {key: part for key, part in request.items() if key != name}
        refused(lambda less=less: mq.create_broker(**less), BAD, attribute, f"[{attribute}] is required")
    refused(lambda: mq.create_broker(**request | {"Users": [{"Username": "ana"}]}), BAD, "users.password", "required")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode("latin-1")).decode()


def refused(call: Callable[[], Any], code: str, attribute: str | None, words: str) -> None:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response
    status = error["ResponseMetadata"]["HTTPStatusCode"]
    assert (error["Error"]["Code"], status) == (code, {BAD: 400, CONFLICT: 409, NOT_FOUND: 404}[code])
    assert words in error["Error"]["Message"]
    assert attribute is None or error["ErrorAttribute"] == attribute
