"""A served account as a topology: made by boto3, then a scenario runs on it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from lab import labs
from lab.cli.export import write
from lab.declare.loading import load as load_file
from lab.errors import InputError
from lab.extras.api.exporting import exported, exported_account
from lab.extras.api.kept_account import load
from lab.extras.api.serving import ServedHere, served
from lab.network.vpc import Protocol
from tests.command import Commands
from tests.extras.api.clients import PASSWORD, SINGAPORE, TOKYO, broker
from tests.extras.api.ec2.test_article import BLOCKS, Side

CONNECTOR = """<broker xmlns="http://activemq.apache.org/schema/core">
  <networkConnectors>
    <networkConnector name="connector_tokyo_to_singapore" userName="testuser" duplex="true"
      uri="static:(ssl://{}-1.mq.ap-southeast-1.amazonaws.com:61617)"/>
  </networkConnectors>
</broker>
"""


class NamedSide(Side):
    """A region of the article whose VPC has a tag Name."""

    def build(self) -> None:
        super().build()
        name = "tokyo" if self.region == TOKYO else "singapore"
        self.ec2.create_tags(Resources=[self.vpc, self.group], Tags=[{"Key": "Name", "Value": name}])

    def start(self, name: str, **members: object) -> None:
        users = [{"Username": "testuser", "Password": PASSWORD}]
        request = broker(name, SubnetIds=[self.subnet], SecurityGroups=[self.group], Users=users, **members)
        self.broker = self.mq.create_broker(**request)["BrokerId"]
        for _ in range(2):
            self.mq.describe_broker(BrokerId=self.broker)


def build_article(api: ServedHere) -> tuple[NamedSide, NamedSide]:
    tokyo, singapore = NamedSide(api, TOKYO), NamedSide(api, SINGAPORE)
    tokyo.build()
    singapore.build()
    asked = {"VpcId": tokyo.vpc, "PeerVpcId": singapore.vpc, "PeerRegion": SINGAPORE}
    peering = tokyo.ec2.create_vpc_peering_connection(**asked)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    singapore.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    for side, far in ((tokyo, SINGAPORE), (singapore, TOKYO)):
        side.open(far, peering)
        rule = {"IpProtocol": "tcp", "FromPort": 5671, "ToPort": 61619, "IpRanges": [{"CidrIp": "127.0.0.0/8"}]}
        side.ec2.authorize_security_group_ingress(GroupId=side.group, IpPermissions=[rule])
    singapore.start("singapore")
    made = tokyo.mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.18", Name="tokyo")
    text = base64.b64encode(CONNECTOR.format(singapore.broker).encode()).decode()
    saved = tokyo.mq.update_configuration(ConfigurationId=made["Id"], Data=text)["LatestRevision"]["Revision"]
    tokyo.start("tokyo", Configuration={"Id": made["Id"], "Revision": saved})
    return tokyo, singapore


def test_a_scenario_runs_on_the_article_that_boto3_made(mqlab_api: ServedHere, tmp_path: Path) -> None:
    build_article(mqlab_api)
    kept = load(mqlab_api.account.folder)
    assert kept is not None
    made = exported_account(kept, "article")
    assert made.notes == ()
    write(made, tmp_path / "network", force=False, json=False)
    environment = dict.fromkeys(made.variables, PASSWORD)
    topology = load_file(tmp_path / "network/topology.yaml", environment=environment).topology
    assert {name: str(each.vpc) for name, each in topology.regions.items()} == {
        "tokyo": BLOCKS[TOKYO],
        "singapore": BLOCKS[SINGAPORE],
    }
    assert topology.security_groups is not None
    assert {name: each.inbound[0].protocol for name, each in topology.security_groups.items()} == {
        "tokyo": Protocol.TCP,
        "singapore": Protocol.TCP,
    }
    assert topology.peerings is not None
    assert list(topology.peerings) == ["tokyo-singapore"]
    ran = labs.run(
        "cut-and-heal",
        set={"topology": str(tmp_path / "network/topology.yaml")},
        runs=tmp_path / "runs",
        environment=environment,
        runtime="simulation",
    )
    assert str(ran.report.outcome) == "passed"


def test_the_command_exports_the_account_of_a_server(tmp_path: Path) -> None:
    commands = Commands(folder=tmp_path)
    with served(commands.state / "accounts" / "art") as api:
        build_article(api)
    ended = commands.inside("export", str(tmp_path / "network"), "--account", "art")
    assert ended.code == 0, ended.err
    assert "TOKYO_TESTUSER_PASSWORD" in ended.out
    environment = {"TOKYO_TESTUSER_PASSWORD": PASSWORD, "SINGAPORE_TESTUSER_PASSWORD": PASSWORD}
    checked = commands.inside("check", str(tmp_path / "network/topology.yaml"), **environment)
    assert checked.code == 0, checked.err


def test_a_route_to_a_peering_that_has_ended_is_refused(mqlab_api: ServedHere) -> None:
    tokyo, _ = build_article(mqlab_api)
    found = tokyo.ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
    tokyo.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=found[0]["VpcPeeringConnectionId"])
    kept = load(mqlab_api.account.folder)
    assert kept is not None
    with pytest.raises(InputError, match="which is deleted") as error:
        exported_account(kept, "article")
    assert "aws ec2 delete-route --route-table-id rtb-" in error.value.problems[0].remedy


def test_an_account_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for name, words in (("none", "there is no account none"), ("../x", "is not a name")):
        with pytest.raises(InputError, match=words):
            exported(tmp_path, name)
