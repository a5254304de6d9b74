"""Users and tags by boto3."""

from __future__ import annotations

from lab.extras.api.serving import ServedHere
from tests.extras.api.clients import PASSWORD, client, running


def test_a_user_waits_for_the_reboot(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    broker_id = running(mq)
    mq.create_user(BrokerId=broker_id, Username="late", Password=PASSWORD, Groups=["gg"], ConsoleAccess=True)
    user = mq.describe_user(BrokerId=broker_id, Username="late")
    assert user["Pending"] == {"PendingChange": "CREATE", "ConsoleAccess": True, "Groups": ["gg"]}
    listed = mq.list_users(BrokerId=broker_id)["Users"]
    assert listed == [{"Username": "ana"}, {"Username": "late", "PendingChange": "CREATE"}]
    reboot(mq, broker_id)
    user = mq.describe_user(BrokerId=broker_id, Username="late")
    assert (user["ConsoleAccess"], user["Groups"], "Pending" in user) == (True, ["gg"], False)


def test_a_user_is_changed_and_deleted_by_a_reboot(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    broker_id = running(mq)
    mq.update_user(BrokerId=broker_id, Username="ana", Groups=["admins"], Password="another-word-1866")
    user = mq.describe_user(BrokerId=broker_id, Username="ana")
    assert (user["Groups"], user["Pending"]["Groups"], user["Pending"]["PendingChange"]) == ([], ["admins"], "UPDATE")
    reboot(mq, broker_id)
    assert mq.describe_user(BrokerId=broker_id, Username="ana")["Groups"] == ["admins"]
    mq.delete_user(BrokerId=broker_id, Username="ana")
    assert mq.describe_user(BrokerId=broker_id, Username="ana")["Pending"]["PendingChange"] == "DELETE"
    reboot(mq, broker_id)
    assert mq.list_users(BrokerId=broker_id)["Users"] == []


def test_tags_of_brokers_and_configurations_are_kept(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    broker = mq.describe_broker(BrokerId=running(mq, Tags={"a": "1"}))
    made = mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.18", Name="c", Tags={"c": "3"})
    mq.create_tags(ResourceArn=broker["BrokerArn"], Tags={"b": "2"})
    assert mq.list_tags(ResourceArn=broker["BrokerArn"])["Tags"] == {"a": "1", "b": "2"}
    mq.delete_tags(ResourceArn=broker["BrokerArn"], TagKeys=["a", "unknown"])
    assert mq.describe_broker(BrokerId=broker["BrokerId"])["Tags"] == {"b": "2"}
    assert mq.list_tags(ResourceArn=made["Arn"])["Tags"] == {"c": "3"}


def reboot(mq: object, broker_id: str) -> None:
    mq.reboot_broker(BrokerId=broker_id)  # type: ignore[attr-defined]
    for _ in range(2):
        mq.describe_broker(BrokerId=broker_id)  # type: ignore[attr-defined]
