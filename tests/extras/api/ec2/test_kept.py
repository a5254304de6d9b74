"""The records of EC2 on file: a server that is started again has them all."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from lab.extras.api.records_account import RecordsAccount
from tests.extras.api.ec2.asking import SINGAPORE, Ec2
from tests.extras.api.ec2.test_security_groups import EVERYTHING_V6, permission


def test_everything_is_there_after_a_new_start(tmp_path: Path) -> None:
    with closing(RecordsAccount(tmp_path / "account")) as account:
        ec2 = Ec2(account)
        vpc, far, gone = ec2.vpc(), ec2.vpc("10.2.0.0/16", SINGAPORE), ec2.vpc("10.3.0.0/16")
        subnet, table, group, peering = ec2.subnet(vpc), ec2.table(vpc), ec2.group(vpc), ec2.peering(vpc, far)
        ec2("AssociateRouteTable", RouteTableId=table, SubnetId=subnet)
        ec2("CreateRouteTable", VpcId=vpc, ClientToken="t")
        ec2("AcceptVpcPeeringConnection", SINGAPORE, VpcPeeringConnectionId=peering)
        dns = {"AllowDnsResolutionFromRemoteVpc": True}
        ec2("ModifyVpcPeeringConnectionOptions", VpcPeeringConnectionId=peering, RequesterPeeringConnectionOptions=dns)
        route = {"RouteTableId": table, "DestinationCidrBlock": "10.2.0.0/16", "VpcPeeringConnectionId": peering}
        ec2("CreateRoute", **route)
        rules = [permission(IpRanges=[{"CidrIp": "10.2.0.0/16", "Description": "far"}]), EVERYTHING_V6]
        ec2("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=rules)
        ec2("CreateTags", Resources=[vpc, peering], Tags=[{"Key": "a", "Value": "1"}])
        ended = ec2.peering(gone, far)
        ec2("DeleteVpcPeeringConnection", VpcPeeringConnectionId=ended)
        ec2("DeleteVpc", VpcId=gone)
        before = account.control, account.records
    with closing(RecordsAccount(tmp_path / "account")) as account:
        assert (account.control, account.records) == before
        ids = [each.id for each in account.control.network.group(group).inbound]
        assert ids == [each.id for each in before[0].network.group(group).inbound]
        assert all(ids)
