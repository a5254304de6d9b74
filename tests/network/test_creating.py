"""Creation and deletion of VPCs, subnets, route tables and groups: ids, dependencies, and AWS's codes of refusals."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import Refused
from lab.network import interfaces, peerings, route_tables, routes, security_groups, subnets, vpcs
from lab.network.quotas import PEERINGS_PER_VPC, PENDING_PEERINGS_PER_VPC
from lab.network.reach import reach
from lab.network.vpc import ANYWHERE, Network, Protocol, Rule
from tests.network.served import SINGAPORE, TOKYO, block, two_vpcs

NOW = timedelta(0)
WEB = Rule(protocol=Protocol.TCP, ports=(61617, 61617), cidr=ANYWHERE)


def peered() -> Network:
    network = replace(two_vpcs(), linked=frozenset({frozenset(("vpc-a", "vpc-b"))}))
    made = peerings.request(network, name="p", requester="vpc-a", accepter="vpc-b", at=NOW)
    return peerings.accept(made.network, "p", at=NOW)


def test_a_vpc_comes_with_a_main_table_and_a_default_group_and_goes_with_both() -> None:
    network = vpcs.create(Network(), name="vpc-a", aws_region=TOKYO, cidr=block("10.1.0.0/16"))
    table, group = route_tables.main_table(network, "vpc-a"), network.groups[0]
    assert re.fullmatch(r"rtbassoc-[0-9a-f]{17}", table.main)
    assert group.group_name == "default"
    assert [each.group for each in group.inbound] == [group.name]
    assert [str(each) for each in group.outbound] == ["all 0.0.0.0/0"]
    assert vpcs.delete(network, "vpc-a") == Network()


def test_a_subnet_follows_the_main_table_until_it_is_associated() -> None:
    network = route_tables.create(two_vpcs(), name="rtb-x", vpc="vpc-a")
    main = route_tables.main_table(network, "vpc-a").name
    assert network.subnet("subnet-a").route_table == main
    network = route_tables.associate(network, association="rtbassoc-1", table="rtb-x", subnet="subnet-a")
    assert network.subnet("subnet-a").route_table == "rtb-x"
    network = route_tables.replace_association(network, "rtbassoc-1", new="rtbassoc-2", table=main)
    assert network.subnet("subnet-a").association == "rtbassoc-2"
    network = route_tables.disassociate(network, "rtbassoc-2")
    assert network.subnet("subnet-a").association == ""
    assert route_tables.delete(network, "rtb-x") == two_vpcs()


def test_another_main_table_takes_the_subnets_that_no_table_names() -> None:
    network = route_tables.create(two_vpcs(), name="rtb-x", vpc="vpc-a")
    old = route_tables.main_table(network, "vpc-a")
    network = route_tables.replace_association(network, old.main, new="rtbassoc-2", table="rtb-x")
    assert route_tables.main_table(network, "vpc-a").name == "rtb-x"
    assert network.subnet("subnet-a").route_table == "rtb-x"
    assert route_tables.delete(network, old.name).route_tables[-1].name == "rtb-x"


def test_a_rule_keeps_its_id_when_it_is_modified_and_no_other_rule_gets_that_id() -> None:
    network = security_groups.authorize(two_vpcs(), "sg-a", WEB)
    first = network.group("sg-a").inbound[0].id
    network = security_groups.modify(network, "sg-a", first, replace(WEB, ports=(5671, 5671)))
    network = security_groups.authorize(network, "sg-a", WEB)
    ids = [each.id for each in network.group("sg-a").inbound]
    assert ids[0] == first
    assert len(set(ids)) == 2


def test_a_broker_has_an_interface_in_each_subnet_and_prevents_their_deletion() -> None:
    network = subnets.create(two_vpcs(), name="subnet-b", vpc="vpc-a", cidr=block("10.1.1.0/24"))
    network = interfaces.attach(network, "pair", subnets=["subnet-a", "subnet-b"], groups=["sg-a"])
    assert [str(each.address) for each in network.of_broker("pair")] == ["10.1.0.4", "10.1.1.4"]
    for verb, name in ((subnets.delete, "subnet-b"), (security_groups.delete, "sg-a"), (vpcs.delete, "vpc-a")):
        with pytest.raises(Refused) as refusal:
            verb(network, name)
        assert refusal.value.code == "DependencyViolation"
    assert subnets.delete(interfaces.detach(network, "pair"), "subnet-b") == two_vpcs()


def test_brokers_of_created_vpcs_reach_each_other_over_a_peering_with_routes_and_rules() -> None:
    network = peered()
    network = subnets.create(network, name="subnet-b", vpc="vpc-b", cidr=block("10.2.0.0/24"))
    network = security_groups.create(network, name="sg-b", vpc="vpc-b", group_name="mq")
    network = security_groups.authorize(network, "sg-b", WEB)
    network = interfaces.attach(network, "tokyo", subnets=["subnet-a"], groups=["sg-a"])
    network = interfaces.attach(network, "singapore", subnets=["subnet-b"], groups=["sg-b"])
    assert not reach(network, "tokyo", "singapore", 61617).yes
    for vpc, other in (("vpc-a", "10.2.0.0/16"), ("vpc-b", "10.1.0.0/16")):
        table = route_tables.main_table(network, vpc).name
        network = routes.create(network, table=table, destination=block(other), peering="p")
    assert reach(network, "tokyo", "singapore", 61617).yes


def _many(number: int) -> Network:
    """Return a VPC with as many others, which have peerings with it that are pending."""
    network = two_vpcs()
    for each in range(number):
        region = f"region-{each}"
        network = vpcs.create(network, name=f"vpc-{each}", aws_region=region, cidr=block(f"10.{each + 3}.0.0/16"))
    return replace(network, linked=frozenset(frozenset(("vpc-a", f"vpc-{each}")) for each in range(number)))


def test_a_vpc_has_twenty_five_pending_requests_and_fifty_active_peerings_at_most() -> None:
    network, ids = _many(51), list[str]()
    for each in range(51):
        if each == PENDING_PEERINGS_PER_VPC:
            with pytest.raises(Refused) as refusal:
                _requested(network, each)
            assert refusal.value.code == "OutstandingVpcPeeringConnectionLimitExceeded"
            for peering in ids:
                network = peerings.accept(network, peering, at=NOW)
        network = _requested(network, each)
        ids.append(network.peerings[-1].id)
        if each > PENDING_PEERINGS_PER_VPC and each < PEERINGS_PER_VPC:
            network = peerings.accept(network, ids[-1], at=NOW)
    network = peerings.accept(network, ids[PENDING_PEERINGS_PER_VPC], at=NOW)
    with pytest.raises(Refused) as refusal:
        peerings.accept(network, ids[-1], at=NOW)
    assert refusal.value.code == "ActiveVpcPeeringConnectionPerVpcLimitExceeded"


def _requested(network: Network, number: int) -> Network:
    asked = f"vpc-{number}"
    return peerings.request(network, name=asked, requester="vpc-a", accepter=asked, at=NOW).network


def _full(make: Callable[[Network, int], Network], number: int) -> Network:
    network = two_vpcs()
    for each in range(number):
        network = make(network, each)
    return network


def _named(network: Network) -> Network:
    return security_groups.authorize(
        security_groups.create(network, name="sg-c", vpc="vpc-a", group_name="c"),
        "sg-c",
        Rule(protocol=Protocol.ALL, ports=(0, 65535), group="sg-a"),
    )


_REFUSALS: dict[str, Callable[[Network], Network]] = {
    "InvalidVpc.Range": lambda n: vpcs.create(n, name="vpc-c", aws_region=TOKYO, cidr=block("10.0.0.0/8")),
    "VpcLimitExceeded": lambda n: _full(
        lambda m, i: vpcs.create(m, name=f"vpc-{i}", aws_region=TOKYO, cidr=block("10.0.0.0/16")), 5
    ),
    "InvalidVpcID.NotFound": lambda n: vpcs.delete(n, "vpc-none"),
    "DependencyViolation": lambda n: vpcs.delete(n, "vpc-a"),
    "DependencyViolation, peering": lambda n: vpcs.delete(peered(), "vpc-b"),
    "InvalidSubnet.Range": lambda n: subnets.create(n, name="s", vpc="vpc-a", cidr=block("10.2.0.0/24")),
    "InvalidSubnet.Range, small": lambda n: subnets.create(n, name="s", vpc="vpc-a", cidr=block("10.1.1.0/29")),
    "InvalidSubnet.Conflict": lambda n: subnets.create(n, name="s", vpc="vpc-a", cidr=block("10.1.0.0/25")),
    "SubnetLimitExceeded": lambda n: _full(
        lambda m, i: subnets.create(m, name=f"subnet-{i}", vpc="vpc-a", cidr=IPv4Network((0x0A010100 + 16 * i, 28))),
        200,
    ),
    "InvalidSubnetID.NotFound": lambda n: subnets.delete(n, "subnet-none"),
    "RouteTableLimitExceeded": lambda n: _full(lambda m, i: route_tables.create(m, name=f"rtb-{i}", vpc="vpc-a"), 200),
    "DependencyViolation, main table": lambda n: route_tables.delete(n, n.route_tables[0].name),
    "Resource.AlreadyAssociated": lambda n: route_tables.associate(
        route_tables.associate(n, association="x", table=n.route_tables[0].name, subnet="subnet-a"),
        association="y",
        table=n.route_tables[0].name,
        subnet="subnet-a",
    ),
    "InvalidParameterValue": lambda n: route_tables.associate(
        n, association="x", table=n.route_tables[1].name, subnet="subnet-a"
    ),
    "InvalidParameterValue, main": lambda n: route_tables.disassociate(n, n.route_tables[0].main),
    "InvalidAssociationID.NotFound": lambda n: route_tables.disassociate(n, ""),
    "InvalidGroup.Duplicate": lambda n: security_groups.create(n, name="s", vpc="vpc-a", group_name="default"),
    "CannotDelete": lambda n: security_groups.delete(n, n.groups[0].name),
    "DependencyViolation, rule": lambda n: security_groups.delete(_named(n), "sg-a"),
    "InvalidSecurityGroupRuleId.NotFound": lambda n: security_groups.modify(n, "sg-a", "sgr-none", WEB),
    "InvalidPermission.Duplicate": lambda n: security_groups.modify(
        security_groups.authorize(n, "sg-a", WEB, way="outbound"),
        "sg-a",
        n.group("sg-a").outbound[0].id,
        WEB,
    ),
    "InsufficientFreeAddressesInSubnet": lambda n: _crowded(n),
}


def _crowded(network: Network) -> Network:
    network = subnets.create(network, name="subnet-s", vpc="vpc-a", cidr=block("10.1.1.0/28"))
    for number in range(12):
        network = interfaces.attach(network, f"b{number}", subnets=["subnet-s"], groups=["sg-a"])
    return network


@pytest.mark.parametrize("case", _REFUSALS)
def test_a_refusal_has_its_code_apart_from_its_sentence(case: str) -> None:
    with pytest.raises(Refused) as refusal:
        _REFUSALS[case](two_vpcs())
    code = case.partition(",")[0]
    assert refusal.value.code == code
    assert code not in refusal.value.sentence
    assert str(refusal.value).startswith(f"{code}: {refusal.value.sentence}")


_VERBS = st.lists(
    st.tuples(
        st.sampled_from(["vpc", "subnet", "table", "associate", "group", "rule", "delete"]),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    max_size=25,
)


@given(verbs=_VERBS)
def test_ids_are_unique_and_no_part_names_a_missing_part_whatever_was_done(verbs: list[tuple[str, int, int]]) -> None:
    network = Network()
    for number, (verb, one, other) in enumerate(verbs):
        try:
            network = _done(network, verb, one, other, number)
        except Refused as refusal:
            assert refusal.code
    ids = [each.name for each in (*network.vpcs, *network.subnets, *network.route_tables, *network.groups)]
    ids += [each.association for each in network.subnets if each.association]
    ids += [rule.id for each in network.groups for rule in (*each.inbound, *each.outbound)]
    ids += [each.main for each in network.route_tables if each.main]
    assert len(ids) == len(set(ids))
    for each in (*network.subnets, *network.route_tables, *network.groups):
        network.vpc(each.vpc)
    for subnet in network.subnets:
        table = network.route_table(subnet.route_table)
        assert table.vpc == subnet.vpc
        assert subnet.association or table.main
    for vpc in network.vpcs:
        assert sum(bool(each.main) for each in network.route_tables if each.vpc == vpc.name) == 1
    for group in network.groups:
        for rule in (*group.inbound, *group.outbound):
            assert not rule.group or network.group(rule.group)


def _done(network: Network, verb: str, one: int, other: int, number: int) -> Network:
    name, vpc = f"{verb}-{number}", _pick(network.vpcs, one)
    if verb == "vpc":
        cidr = block(f"10.{one}.0.0/16")
        return vpcs.create(network, name=name, aws_region=(TOKYO, SINGAPORE)[other % 2], cidr=cidr)
    if verb == "subnet":
        cidr = block(f"10.{one}.{other}.0/24")
        return subnets.create(network, name=name, vpc=vpc, cidr=cidr)
    if verb == "table":
        return route_tables.create(network, name=name, vpc=vpc)
    if verb == "associate":
        table, subnet = _pick(network.route_tables, one), _pick(network.subnets, other)
        return route_tables.associate(network, association=name, table=table, subnet=subnet)
    if verb == "group":
        return security_groups.create(network, name=name, vpc=vpc, group_name=f"mq{other}")
    if verb == "rule":
        rule = Rule(protocol=Protocol.TCP, ports=(other, other), group=_pick(network.groups, other))
        return security_groups.authorize(network, _pick(network.groups, one), rule)
    delete, parts = (
        (vpcs.delete, network.vpcs),
        (subnets.delete, network.subnets),
        (route_tables.delete, network.route_tables),
        (security_groups.delete, network.groups),
    )[one]
    return delete(network, _pick(parts, other))


def _pick(parts: tuple[object, ...], number: int) -> str:
    return str(getattr(parts[number % len(parts)], "name", "")) if parts else "none"
