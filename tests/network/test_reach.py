"""Who reaches whom, and what exactly stops it: nothing is open but what a peering, two routes and a rule open."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import InputError
from lab.network import peerings, routes, security_groups
from lab.network.reach import reach, ways
from lab.network.vpc import INTERNET, Network, Protocol, Rule
from tests.network.networks import BLOCKS, NAMES, NOW, network, opened, peered, routed, rule

NORTH, SOUTH = BLOCKS["tokyo"], BLOCKS["singapore"]


def stop(of: Network, source: str = "tokyo", target: str = "singapore", port: int = 61617) -> str:
    """Return what stops a connection, in words; "open" where nothing does."""
    return reach(of, source, target, port).reason or "open"


def test_all_that_a_bridge_needs_and_what_each_missing_piece_says() -> None:
    whole = opened(routed(network()))
    assert stop(whole) == "open"
    assert stop(network()) == "no route to 10.2.0.10 in the route table tokyo"
    assert stop(opened(peered(network()))) == "no route to 10.2.0.10 in the route table tokyo"
    one_way = routes.create(opened(peered(network())), table="tokyo", destination=SOUTH, peering="tokyo-singapore")
    assert stop(one_way) == "no way back: no route to 10.1.0.10 in the route table singapore"
    assert stop(routed(network())) == "no ingress rule on sg-singapore for tcp 61617 from 10.1.0.10"
    assert stop(whole, port=8883) == "no ingress rule on sg-singapore for tcp 8883 from 10.1.0.10"
    gone = peerings.delete(whole, "tokyo-singapore", at=NOW)
    assert stop(gone) == (
        "the route 10.2.0.0/16 in the route table tokyo is a blackhole: the peering tokyo-singapore is deleted"
    )


def test_the_responder_needs_a_rule_and_the_initiator_none() -> None:
    whole = opened(routed(network()))
    assert not whole.group("sg-tokyo").inbound
    assert stop(whole) == "open"
    assert stop(whole, "singapore", "tokyo") == "no ingress rule on sg-tokyo for tcp 61617 from 10.2.0.10"


def test_a_route_to_a_pending_peering_is_a_blackhole_until_it_is_accepted() -> None:
    asked = peerings.request(network(), name="p", requester="tokyo", accepter="singapore", at=NOW).network
    for here, there in (("tokyo", SOUTH), ("singapore", NORTH)):
        asked = routes.create(asked, table=here, destination=there, peering="p")
    assert stop(opened(asked)).endswith("is a blackhole: the peering p is pending-acceptance")
    assert [route.destination for _, route, _ in asked.blackholes()] == [SOUTH, NORTH]
    accepted = peerings.accept(asked, "p", at=NOW)
    assert stop(opened(accepted)) == "open"
    assert not list(accepted.blackholes())


def test_a_part_of_the_peers_block_leads_to_that_part_alone() -> None:
    of = opened(peered(network()))
    of = routes.create(of, table="singapore", destination=NORTH, peering="tokyo-singapore")
    here = routes.create(of, table="tokyo", destination=IPv4Network("10.2.0.0/24"), peering="tokyo-singapore")
    there = routes.create(of, table="tokyo", destination=IPv4Network("10.2.1.0/24"), peering="tokyo-singapore")
    assert (stop(here), stop(there)) == ("open", "no route to 10.2.0.10 in the route table tokyo")


def test_the_most_specific_route_counts() -> None:
    of = routed(opened(routed(network())), "tokyo", "sydney")
    astray = routes.create(of, table="tokyo", destination=IPv4Network("10.2.0.0/24"), peering="tokyo-sydney")
    assert stop(astray).endswith("which does not reach 10.2.0.10 in singapore: a peering has no transit")


def test_there_is_no_transit() -> None:
    """Tokyo is peered with Singapore and Singapore with Sydney: that joins Tokyo and Sydney to nobody."""
    of = routed(routed(network()), "singapore", "sydney")
    of = opened(of, "sg-sydney")
    assert stop(of, "tokyo", "sydney") == "no route to 10.3.0.10 in the route table tokyo"
    tried = routes.create(of, table="tokyo", destination=BLOCKS["sydney"], peering="tokyo-singapore")
    assert "a peering has no transit" in stop(tried, "tokyo", "sydney")


def test_what_a_group_lets_out_can_be_said_too() -> None:
    of = opened(routed(network()))
    closed = of.with_group(replace(of.group("sg-tokyo"), outbound=()))
    assert stop(closed) == "no egress rule on sg-tokyo for tcp 61617 to 10.2.0.10"
    narrow = security_groups.authorize(closed, "sg-tokyo", rule(61617, "10.2.0.0/24"), way="outbound")
    assert stop(narrow) == "open"


def test_the_internet_reaches_what_is_public_and_lets_this_machine_in() -> None:
    of = network()
    assert stop(of, INTERNET, "tokyo", 8883) == "no ingress rule on sg-tokyo for tcp 8883 from 127.0.0.1"
    mine = opened(of, "sg-tokyo", 8883, "127.0.0.1/32")
    assert stop(mine, INTERNET, "tokyo", 8883) == "open"
    assert stop(opened(of, "sg-tokyo", 8883, "0.0.0.0/0"), INTERNET, "tokyo", 8883) == "open"
    private = mine.with_interface(replace(mine.interface("tokyo"), public=False))
    assert stop(private, INTERNET, "tokyo", 8883) == "tokyo is not public: the internet does not reach 10.1.0.10"


def test_a_host_is_an_end_as_an_instance_is_and_is_called_by_its_own_name() -> None:
    of = routed(network())
    its = replace(of.interface("tokyo"), name="billing", broker="", address=IPv4Address("10.1.0.50"), public=False)
    of = opened(of.with_interface(its), "sg-singapore", 61617, "10.1.0.50/32")
    assert [each.name for each in of.hosts] == ["billing"]
    assert stop(of, INTERNET, "billing", 80) == "billing is not public: the internet does not reach 10.1.0.50"
    assert stop(of, "billing", "singapore", 61617) == "open"
    assert stop(of, "tokyo", "singapore", 61617).startswith("no ingress rule on sg-singapore")
    alone = of.with_interface(replace(its, groups=()))
    assert stop(alone, "billing", "singapore") == (
        "no egress rule on billing, which has no security group for tcp 61617 to 10.2.0.10"
    )


def test_members_of_a_group_reach_each_other_inside_a_vpc() -> None:
    of = network()
    second = replace(of.interface("tokyo"), name="osaka", broker="osaka", address=NORTH[11])
    of = of.with_interface(second)
    assert stop(of, "osaka", "tokyo") == "no ingress rule on sg-tokyo for tcp 61617 from 10.1.0.11"
    ours = Rule(protocol=Protocol.ALL, ports=(0, 65535), group="sg-tokyo")
    assert stop(security_groups.authorize(of, "sg-tokyo", ours), "osaka", "tokyo") == "open"


@pytest.mark.parametrize("gone", ["peering", "there", "back", "rule"])
def test_each_piece_is_needed(gone: str) -> None:
    whole = opened(routed(network()))
    without = {
        "peering": lambda: peerings.delete(whole, "tokyo-singapore", at=NOW),
        "there": lambda: routes.delete(whole, table="tokyo", destination=SOUTH),
        "back": lambda: routes.delete(whole, table="singapore", destination=NORTH),
        "rule": lambda: security_groups.revoke(whole, "sg-singapore", rule()),
    }[gone]()
    assert stop(whole) == "open"
    assert stop(without) != "open"


_VERBS = st.lists(
    st.one_of(
        st.tuples(st.just("peer"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(st.just("route"), st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from((16, 24, 8))),
        st.tuples(st.just("rule"), st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from((61617, 8883))),
    ),
    max_size=14,
)


@given(verbs=_VERBS)
def test_a_connection_comes_about_only_where_every_piece_is_there(verbs: list[tuple[str, ...]]) -> None:
    """Whatever was done: reach says yes exactly where a peering, both routes and a rule are, and ways say the same."""
    of = network()
    for verb, one, other, *rest in verbs:
        with suppress(InputError):  # refused verbs change nothing
            of = _done(of, verb, one, other, rest)
    told = {(way.source, way.target): way for way in ways(of)}
    for source in NAMES:
        for target in (name for name in NAMES if name != source):
            pieces = _leads(of, source, target) and _leads(of, target, source)
            let_in = any(61617 in range(r.ports[0], r.ports[1] + 1) for r in _from(of, source, target))
            assert reach(of, source, target, 61617).yes is (pieces and let_in)
            assert (told[source, target].stop is None) is _leads(of, source, target)


def _done(of: Network, verb: str, one: str, other: str, rest: list[object]) -> Network:
    if verb == "peer":
        return peered(of, one, other)
    if verb == "rule":
        return security_groups.authorize(of, f"sg-{other}", rule(int(str(rest[0])), str(BLOCKS[one])))
    name = next((p.name for p in of.peerings if p.vpcs == {one, other}), "none")
    block = BLOCKS[other] if rest[0] == 16 else IPv4Network("10.0.0.0/8" if rest[0] == 8 else f"{BLOCKS[other][0]}/24")
    return routes.create(of, table=one, destination=block, peering=name)


def _leads(of: Network, source: str, target: str) -> bool:
    route = of.route_table(source).towards(of.interface(target).address)
    if route is None:
        return False
    peering = of.peering(route.peering)
    return peering.state == "active" and peering.vpcs == {source, target}


def _from(of: Network, source: str, target: str) -> list[Rule]:
    address = of.interface(source).address
    return [each for each in of.group(f"sg-{target}").inbound if each.cidr is not None and address in each.cidr]
