"""What a security group takes, and what a broker takes of groups."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.errors import InputError
from lab.network import security_groups
from lab.network.quotas import RULES_PER_DIRECTION
from lab.network.vpc import Protocol, Rule, SecurityGroup
from tests.network.networks import network, opened, routed, rule


def test_a_rule_is_authorized_once_and_revoked_once() -> None:
    open_ = opened(network())
    assert open_.group("sg-singapore").inbound == (rule(),)
    with pytest.raises(InputError, match=r"InvalidPermission.Duplicate.*TCP 61617, ALLOW"):
        opened(open_)
    closed = security_groups.revoke(open_, "sg-singapore", rule())
    assert closed == network()
    with pytest.raises(InputError, match=r"InvalidPermission\.NotFound"):
        security_groups.revoke(closed, "sg-singapore", rule())


def test_a_group_is_full_at_sixty_rules() -> None:
    full = network()
    for port in range(1, RULES_PER_DIRECTION + 1):
        full = opened(full, port=port)
    with pytest.raises(InputError, match="RulesPerSecurityGroupLimitExceeded"):
        opened(full, port=RULES_PER_DIRECTION + 1)


@pytest.mark.parametrize(("ports", "why"), [((0, 65536), "out of range"), ((20, 10), "ends before it begins")])
def test_ports_that_are_none(ports: tuple[int, int], why: str) -> None:
    with pytest.raises(InputError, match=why):
        security_groups.authorize(network(), "sg-tokyo", rule(ports))


def test_a_group_of_another_region_cannot_be_named_and_one_of_the_same_only_where_it_is_peered() -> None:
    ours = Rule(protocol=Protocol.TCP, ports=(61617, 61617), group="sg-tokyo")
    with pytest.raises(InputError, match="You have specified two resources that belong to different networks"):
        security_groups.authorize(routed(network()), "sg-singapore", ours)
    # of the same VPC
    assert security_groups.authorize(network(), "sg-tokyo", ours).group("sg-tokyo").inbound == (ours,)
    near = replace(network(), vpcs=tuple(replace(vpc, aws_region="ap-northeast-1") for vpc in network().vpcs))
    with pytest.raises(InputError, match="not peered"):
        security_groups.authorize(near, "sg-singapore", ours)
    assert security_groups.authorize(routed(near), "sg-singapore", ours).group("sg-singapore").inbound == (ours,)


def test_a_broker_has_five_groups_of_its_own_vpc_at_most() -> None:
    names = [f"g{number}" for number in range(6)]
    many = replace(network(), groups=(*network().groups, *(SecurityGroup(name=name, vpc="tokyo") for name in names)))
    five = security_groups.set_groups(many, "tokyo", names[:5])
    assert five.interface("tokyo").groups == tuple(names[:5])
    bad = ((names, "at most 5"), (["g1", "g1"], "twice"), (["sg-singapore"], "singapore's"), (["x"], "does not exist"))
    for groups, why in bad:
        with pytest.raises(InputError, match=why):
            security_groups.set_groups(many, "tokyo", groups)
    with pytest.raises(InputError, match="no broker osaka"):
        security_groups.set_groups(many, "osaka", names[:1])
