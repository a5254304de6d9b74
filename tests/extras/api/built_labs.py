"""Labs that requests of the API build from nothing, in models, and the article's requests."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from lab import labs
from lab.extras.api.built_account import BuiltAccount
from lab.extras.api.kept_account import KeptAccount
from lab.operating import runtimes
from lab.runtime.progress import Logged
from tests.extras.api.clients import IRELAND, SINGAPORE, TOKYO, broker
from tests.extras.api.lab_clients import ServedLab

CONNECTOR = "ocean"
BLOCKS = {TOKYO: "10.1.0.0/16", SINGAPORE: "10.2.0.0/16", IRELAND: "10.3.0.0/16"}
_XML = """<broker xmlns="http://activemq.apache.org/schema/core"><networkConnectors>
<networkConnector duplex="true" name="ocean" userName="ana"
  uri="static:(ssl://{}-1.mq.ap-southeast-1.amazonaws.com:61617)"/>
</networkConnectors></broker>"""


@contextmanager
def built(folder: Path, *, vpcs: int = 2, brokers: int = 3, kept: KeptAccount | None = None) -> Iterator[ServedLab]:
    """Open a lab of models that requests build, with the account of an earlier one."""
    with (
        labs.up_reserved(
            "default",
            vpcs=vpcs,
            brokers=brokers,
            engine_versions=("5.18",),
            runtime="simulation",
            runs=folder / "runs",
            environment={},
        ) as live,
        runtimes.runtime("simulation", {}) as models,
    ):
        kept = kept or KeptAccount(access_key="MQLABTEST", created=live.lab.note.opened)
        live.lab.keep_control(kept.control)
        add = models.prepare(live.lab.note.plan, Logged()).add
        yield ServedLab(live, partial(BuiltAccount, folder=folder / "account", kept=kept, add=add))


def vpc_of(ec2: Any, region: str) -> tuple[str, str, str]:
    """Create a VPC with a subnet and a group, and return their ids."""
    vpc = str(ec2.create_vpc(CidrBlock=BLOCKS[region])["Vpc"]["VpcId"])
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=BLOCKS[region].replace(".0.0/16", ".0.0/24"))["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="mq", Description="brokers")["GroupId"]
    rules = [
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": block}]}
        for port, block in ((61617, "10.0.0.0/8"), (61614, "0.0.0.0/0"))
    ]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
    return vpc, subnet, group


def join(near: Any, far: Any, vpcs: tuple[str, str]) -> str:
    """Peer two VPCs, with a route from each to the other, and return the peering's id."""
    asked = near.create_vpc_peering_connection(VpcId=vpcs[0], PeerVpcId=vpcs[1], PeerRegion=SINGAPORE)
    peering = str(asked["VpcPeeringConnection"]["VpcPeeringConnectionId"])
    far.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    for ec2, vpc, block in ((near, vpcs[0], BLOCKS[SINGAPORE]), (far, vpcs[1], BLOCKS[TOKYO])):
        tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
        ec2.create_route(
            RouteTableId=tables[0]["RouteTableId"], DestinationCidrBlock=block, VpcPeeringConnectionId=peering
        )
    return peering


def asked(name: str, place: tuple[str, str, str], **members: Any) -> dict[str, Any]:
    """Return the request of a broker in a VPC's subnet, with its group."""
    return broker(name, SubnetIds=[place[1]], SecurityGroups=[place[2]], **members)


def bridged(mq: Any, tokyo: str, singapore: str) -> None:
    """Give Tokyo's broker a configuration with a connector to Singapore's, and reboot it."""
    made = mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.18", Name="ocean")
    data = base64.b64encode(_XML.format(singapore).encode()).decode()
    saved = mq.update_configuration(ConfigurationId=made["Id"], Data=data)["LatestRevision"]["Revision"]
    mq.update_broker(BrokerId=tokyo, Configuration={"Id": made["Id"], "Revision": saved})
    mq.reboot_broker(BrokerId=tokyo)
