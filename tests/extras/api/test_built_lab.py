"""A lab that boto3's requests build from nothing: VPCs, a peering, routes, groups, brokers, a bridge."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from botocore.exceptions import ClientError

from lab.amazonmq.account.account import Account
from lab.declare.steps.service import Reboot
from lab.extras.api.built_account import BuiltAccount, without_brokers
from lab.extras.api.exporting import exported_account
from lab.extras.api.kept_account import FILE, KeptAccount, load, save
from lab.living.beginning import begin
from lab.living.lab import Live
from tests.extras.api.built_labs import CONNECTOR, asked, bridged, built, join, vpc_of
from tests.extras.api.clients import IRELAND, SINGAPORE, TOKYO, broker
from tests.extras.api.test_configurations import encoded


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


def test_the_account_on_file_has_the_lab_and_a_lab_that_is_opened_later_has_it_without_brokers(tmp_path: Path) -> None:
    with built(tmp_path) as served:
        ec2, mq = served.client("ec2", TOKYO), served.client("mq", TOKYO)
        place = vpc_of(ec2, TOKYO)
        ec2.create_tags(Resources=[place[0]], Tags=[{"Key": "Name", "Value": "tokyo"}])
        mq.create_broker(**asked("tokyo", place, Tags={"team": "orders"}))
        served.go_on()
        described = mq.describe_broker(BrokerId=mq.list_brokers()["BrokerSummaries"][0]["BrokerId"])
        assert (described["Tags"], described["SecurityGroups"]) == ({"team": "orders"}, [place[2]])
        opened = served.account.live.lab.note.opened
    kept = load(tmp_path / "account")
    assert kept is not None
    assert [(each.name, str(each.state)) for each in kept.control.account.brokers] == [("tokyo", "RUNNING")]
    texts = exported_account(kept, "mine").texts
    assert "tokyo: aws-region: ap-northeast-1 vpc: 10.1.0.0/16" in " ".join(texts["topology.yaml"].split())
    later = without_brokers(kept, opened)
    with built(tmp_path / "later", kept=later) as served:
        vpcs = served.client("ec2", TOKYO).describe_vpcs(VpcIds=[place[0]])["Vpcs"]
        assert vpcs[0]["Tags"] == [{"Key": "Name", "Value": "tokyo"}]
        mq = served.client("mq", TOKYO)
        assert mq.list_brokers()["BrokerSummaries"] == []
        mq.create_broker(**asked("tokyo", place))
        served.go_on()
        assert [each["BrokerState"] for each in mq.list_brokers()["BrokerSummaries"]] == ["RUNNING"]


def test_without_a_free_network_or_place_a_broker_is_refused_with_the_option_that_gives_more(tmp_path: Path) -> None:
    with built(tmp_path, vpcs=1, brokers=1) as served:
        ec2, mq, far = served.client("ec2", TOKYO), served.client("mq", TOKYO), served.client("mq", SINGAPORE)
        place = vpc_of(ec2, TOKYO)
        before = served.account.live.lab.note
        pair = asked("pair", place, DeploymentMode="ACTIVE_STANDBY_MULTI_AZ")
        other = ec2.create_subnet(VpcId=place[0], CidrBlock="10.1.1.0/24", AvailabilityZone="ap-northeast-1c")
        pair["SubnetIds"] = [place[1], other["Subnet"]["SubnetId"]]
        with pytest.raises(ClientError, match=r"1 free place of 1.*needs 2.*--brokers 2"):
            mq.create_broker(**pair)
        mq.create_broker(**asked("tokyo", place))
        served.go_on()
        with pytest.raises(ClientError, match="--brokers 2"):
            mq.create_broker(**asked("osaka", place))
        with pytest.raises(ClientError, match=r"the lab has 1 network.*ends all its brokers.*--vpcs 2"):
            far.create_broker(**broker("singapore"))
        assert before.control.account.brokers == ()
        assert [each["BrokerName"] for each in mq.list_brokers()["BrokerSummaries"]] == ["tokyo"]
        mq.delete_broker(BrokerId=mq.list_brokers()["BrokerSummaries"][0]["BrokerId"])
        served.go_on()
        mq.create_broker(**asked("tokyo", place))
        served.go_on()
        assert [each["BrokerState"] for each in mq.list_brokers()["BrokerSummaries"]] == ["RUNNING"]
        names = [each["Name"] for each in mq.list_configurations()["Configurations"]]
        assert names == ["tokyo-configuration", "tokyo-configuration-2"]
        mq.delete_broker(BrokerId=mq.list_brokers()["BrokerSummaries"][0]["BrokerId"])
        served.go_on()
        for subnet in pair["SubnetIds"]:
            ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_security_group(GroupId=place[2])
        ec2.delete_vpc(VpcId=place[0])
        far.create_broker(**broker("singapore"))
        served.go_on()
        assert [each["BrokerState"] for each in far.list_brokers()["BrokerSummaries"]] == ["RUNNING"]
        (region,) = served.account.live.lab.note.plan.regions
        assert (region.name, region.aws_region) == ("vpc-1", SINGAPORE)


def test_users_windows_and_a_new_engine_version_are_as_the_lab_can_have_them(tmp_path: Path) -> None:
    with built(tmp_path) as served:
        mq = served.client("mq", TOKYO)
        made = mq.create_broker(**broker())["BrokerId"]
        served.go_on()
        mq.create_user(BrokerId=made, Username="ledger", Password="over-the-ocean-1858")
        window = {"DayOfWeek": "FRIDAY", "TimeOfDay": "03:00", "TimeZone": "UTC"}
        mq.update_broker(BrokerId=made, MaintenanceWindowStartTime=window)
        with pytest.raises(ClientError, match="create another broker of that engine version"):
            mq.update_broker(BrokerId=made, EngineVersion="5.19")
        mq.reboot_broker(BrokerId=made)
        served.go_on()
        assert "Pending" not in mq.describe_user(BrokerId=made, Username="ledger")
        assert served.account.live.account.broker("tokyo").window.day.lower() == "friday"
        own = mq.describe_broker(BrokerId=made)["Configurations"]["Current"]
        mq.update_configuration(ConfigurationId=own["Id"], Data=encoded())
        assert mq.describe_configuration(ConfigurationId=own["Id"])["LatestRevision"]["Revision"] == 2


def test_the_first_broker_of_a_vpc_leaves_the_links_between_other_vpcs_as_they_are(tmp_path: Path) -> None:
    with built(tmp_path, vpcs=3) as served:
        live = served.account.live
        for region in (TOKYO, SINGAPORE):
            served.client("mq", region).create_broker(**asked(region, vpc_of(served.client("ec2", region), region)))
            served.go_on()
        live.impair("vpc-1-vpc-2", delay="200ms", loss="5%")
        impaired = live.links()
        place = vpc_of(served.client("ec2", IRELAND), IRELAND)
        served.client("mq", IRELAND).create_broker(**asked("ireland", place))
        served.go_on()
        delays = {each.link: each.setting.impairment.delay.total_seconds() for each in live.links()}
        assert [each for each in live.links() if each.link == "vpc-1-vpc-2"] == [
            each for each in impaired if each.link == "vpc-1-vpc-2"
        ]
        assert delays["vpc-1-vpc-2"] == 0.2
        assert delays["vpc-1-vpc-3"] > 0.05


class _Behind:
    """A Live that has the state file as it was, until it reads the file again."""

    def __init__(self, live: Live) -> None:
        self._live, self.lab = live, SimpleNamespace(note=live.lab.note)

    @property
    def account(self) -> Account:
        self.lab.note = self._live.lab.note
        return self._live.account

    def moment(self) -> AbstractContextManager[None]:
        return self._live.moment()


def test_the_account_on_file_has_the_end_of_a_verb_that_another_live_has_done(tmp_path: Path) -> None:
    with built(tmp_path) as served:
        place = vpc_of(served.client("ec2", TOKYO), TOKYO)
        served.client("mq", TOKYO).create_broker(**asked("tokyo", place))
        served.go_on()
        kept, live = load(tmp_path / "account"), served.account.live
        assert kept is not None
        rest = begin(live, Reboot(broker="tokyo"), lambda: nullcontext(live))
        behind = cast("Live", _Behind(live))
        account = BuiltAccount(
            behind, tmp_path / "account", kept, add=_adds_nothing, later=served.begun.append, log=served.log.append
        )
        account.go_on(rest, "reboot tokyo")
        assert served.log == []
    kept = load(tmp_path / "account")
    assert kept is not None
    assert [str(each.state) for each in kept.control.account.brokers] == ["RUNNING"]


def _adds_nothing(*_: object) -> None: ...


def test_verbs_that_end_in_threads_write_one_account_whole(tmp_path: Path) -> None:
    def write(size: int) -> None:
        for _ in range(100):
            save(KeptAccount(access_key="K" * size, created=datetime.now(UTC)), tmp_path)

    with ThreadPoolExecutor() as pool:
        for each in [pool.submit(write, size) for size in (10, 4000)]:
            each.result()
    kept = load(tmp_path)
    assert kept is not None
    assert len(kept.access_key) in (10, 4000)
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


def test_a_remedy_offers_no_number_that_a_server_would_refuse(tmp_path: Path) -> None:
    with built(tmp_path, vpcs=5, brokers=10) as served:
        mq, place = served.client("mq", TOKYO), vpc_of(served.client("ec2", TOKYO), TOKYO)
        for number in range(10):
            mq.create_broker(**asked(f"tokyo-{number}", place))
        with pytest.raises(ClientError, match=r"0 free places of 10.*Delete a broker$"):
            mq.create_broker(**asked("osaka", place))
