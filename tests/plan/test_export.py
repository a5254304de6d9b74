"""A topology that is exported gives the same Plan again, and after verbs it has what they changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from lab.amazonmq.account import brokers, configurations, users
from lab.amazonmq.account.broker_record import BrokerState
from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.declare.origin import Origin
from lab.declare.shapes import SHAPES, generate
from lab.declare.topology import Topology
from lab.errors import InputError
from lab.link.impairment import LinkState
from lab.network import peerings, routes, security_groups
from lab.network.link import Direction
from lab.network.vpc import Protocol, Rule
from lab.plan.control import Control, opening_control
from lab.plan.export import Facts, export, variables
from lab.plan.network import network_problems
from lab.plan.planning import plan
from lab.plan.values import Plan
from tests.plan.exporting import NOW, again, compared, exported, loaded

TOPOLOGIES = sorted((shipped("scenarios") / "topologies").glob("*.yaml"))
XML = '<broker xmlns="http://activemq.apache.org/schema/core"><destinations/></broker>\n'
PASSWORD = "over-the-ocean-1858"
SECRET = SecretStr(PASSWORD)


def planned(name: str) -> Plan:
    return plan(load(shipped("scenarios") / "topologies" / f"{name}.yaml", environment={}).topology, seed=7)


@pytest.mark.parametrize("path", TOPOLOGIES, ids=lambda path: path.stem)
def test_a_shipped_topology_gives_the_same_plan_again(path: Path, tmp_path: Path) -> None:
    before = planned(path.stem)
    assert compared(again(before, tmp_path)) == compared(before)
    assert exported(before).notes == ()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_generated_network_gives_the_same_plan_again(shape: str, tmp_path: Path) -> None:
    texts = generate(shape, ["eu-west-1", "us-east-1", "eu-central-1", "eu-west-1"], shape, "5.19")
    before = plan(loaded(texts, tmp_path / "first"), seed=1)
    assert compared(again(before, tmp_path / "second")) == compared(before)


NAMES = ["a", "b", "c"]
FIGURES = st.fixed_dictionaries(
    {"delay": st.sampled_from(["0ms", "35ms", "1.5s"])},
    optional={
        "loss": st.sampled_from(["1%", "0.5%"]),
        "jitter": st.just("5ms"),
        "rate": st.sampled_from(["20mbit", "512kbit"]),
    },
)
RULES = st.lists(
    st.fixed_dictionaries({}, optional={"port": st.sampled_from(["61617", "61614-61619", "all"])}), max_size=2
)


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Return a topology with parts of every kind."""
    names = NAMES[: draw(st.integers(1, 3))]
    codes = dict(zip(NAMES, ("eu-west-1", "none", "ap-northeast-1"), strict=True))
    blocks = {name: f"10.{number}" for number, name in enumerate(NAMES, 1)}
    regions: dict[str, Any] = {}
    for name in names:
        block = blocks[name]
        split = {"near": f"{block}.0.0/17", "far": f"{block}.128.0/17"} if draw(st.booleans()) else {}
        regions[name] = {"aws-region": codes[name], "vpc": f"{block}.0.0/16", "subnets": split}
    pairs = [(one, other) for one in names for other in names if one < other]
    links = [
        {"between": list(pair), "link": draw(FIGURES | st.builds(_directed, st.just(pair), FIGURES, FIGURES))}
        for pair in pairs
        if draw(st.booleans())
    ]
    content: dict[str, Any] = {"topology": "drawn", "regions": regions, "links": links}
    content["brokers"] = {f"broker-{name}": _broker(draw, name) for name in names}
    if draw(st.booleans()):
        content["hosts"] = {"desk": {"region": "a", "address": "10.1.0.77"}}
    if draw(st.booleans()):
        content["security-groups"] = groups = {}
        for name in names:
            inbound = [{**each, "from": "10.0.0.0/8"} for each in draw(RULES)]
            groups[f"sg-{name}"] = {"region": name, "inbound": inbound}
            if draw(st.booleans()):
                groups[f"sg-{name}"]["outbound"] = [{**each, "to-group": f"sg-{name}"} for each in draw(RULES)]
            content["brokers"][f"broker-{name}"]["security-groups"] = f"sg-{name}"
    if draw(st.booleans()):
        state = st.sampled_from(["active", "pending-acceptance"])
        age = st.sampled_from(["0ms", "3h", "200h"])
        joined = [each["between"] for each in links]
        content["peerings"] = {
            "-".join(each): {"requester": each[1], "accepter": each[0], "state": draw(state), "age": draw(age)}
            for each in joined
        }
        content["route-tables"] = {
            f"rtb-{each[0]}": {
                "region": each[0],
                "subnets": ["far"] if regions[each[0]]["subnets"] else [],
                "routes": [{"destination": f"{blocks[each[1]]}.0.0/16", "peering": "-".join(each)}],
            }
            for each in joined
        }
    content |= draw(st.sampled_from([{}, {"tcp": "bbr"}, {"observe": ["orders.>", "queue:a"]}]))
    topology = Topology.model_validate(content)
    assume(not list(network_problems(topology, Origin())))
    return topology


def _directed(pair: tuple[str, str], here: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    return {"leaving": {pair[0]: here, pair[1]: there}}


def _broker(draw: st.DrawFn, region: str) -> dict[str, Any]:
    users = {"testuser": {"password": PASSWORD, "groups": draw(st.sampled_from([[], ["x", "y"]]))}}
    broker: dict[str, Any] = {"region": region, "users": users, "public": draw(st.booleans())}
    if draw(st.booleans()):
        users["admin"] = {"password": PASSWORD, "console-access": True}
        broker["user"] = draw(st.sampled_from([None, "testuser", "admin"]))
    if draw(st.booleans()):
        broker["deployment-mode"] = "ACTIVE_STANDBY_MULTI_AZ"
        broker["ports"] = {"mqtt": [18883 + ord(region), 19883 + ord(region)]} if draw(st.booleans()) else None
    if draw(st.booleans()):
        broker["configuration"] = {"file": "x.xml", "text": XML}
    broker |= draw(st.sampled_from([{}, {"memory": "512MiB"}, {"later": True}, {"engine-version": "5.17"}]))
    return broker


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(topologies())
def test_any_topology_gives_the_same_plan_again(topology: Topology) -> None:
    before = plan(topology, seed=1)
    with TemporaryDirectory() as folder:
        assert compared(again(before, Path(folder))) == compared(before)


def test_what_verbs_changed_is_in_the_topology(tmp_path: Path) -> None:
    before = planned("guarded")
    control = opening_control(before, NOW)
    account = users.create_user(control.account, "tokyo", "audit", SECRET, groups=["readers"])
    account = users.delete_user(users.create_user(account, "singapore", "spare", SECRET), "singapore", "testuser")
    saved = configurations.update_configuration(account, "singapore-configuration", XML.encode(), NOW, file="x")
    account = brokers.update_broker(saved.account, "singapore", revision=saved.revision)
    rule = Rule(protocol=Protocol.TCP, ports=(61617, 61617), cidr=IPv4Network("10.9.0.0/16"))
    network = security_groups.authorize(control.network, "sg-tokyo", rule)
    network = routes.delete(network, table="rtb-tokyo", destination=IPv4Network("10.2.0.0/16"))
    network = routes.create(
        network, table="rtb-tokyo", destination=IPv4Network("10.2.0.0/24"), peering="tokyo-singapore"
    )
    made = exported(before, Control(account=account, network=network))
    topology = loaded(made.texts, tmp_path)
    assert topology.brokers["tokyo"].users["audit"].groups == ("readers",)
    assert set(topology.brokers["singapore"].users) == {"spare"}
    assert topology.brokers["singapore"].configuration is not None
    assert topology.brokers["singapore"].configuration.text == XML
    assert plan(topology, seed=7).network == network
    assert PASSWORD not in "".join(made.texts.values())
    waiting = "has changes that wait for a reboot; the topology includes these changes"
    assert made.notes == (f"tokyo {waiting}", f"singapore {waiting}")


def test_another_peering_takes_the_place_of_one_that_was_deleted(tmp_path: Path) -> None:
    before = planned("tokyo-singapore")
    control, age = opening_control(before, NOW), timedelta(hours=3)
    network = peerings.delete(control.network, "tokyo-singapore", at=age)
    with pytest.raises(InputError) as refused:
        exported(before, replace(control, network=network))
    problem = "the route 10.2.0.0/16 of the table tokyo leads to tokyo-singapore, which is deleted"
    assert problem in refused.value.problems[0].what
    assert refused.value.problems[0].remedy.startswith("delete it: mqlab route delete tokyo")
    for table, destination in (("tokyo", "10.2.0.0/16"), ("singapore", "10.1.0.0/16")):
        network = routes.delete(network, table=table, destination=IPv4Network(destination))
    network = peerings.request(network, name="again", requester="singapore", accepter="tokyo", at=age).network
    made = export(replace(control, network=network), before.regions, before.links, age=timedelta(hours=5), machine=NOW)
    topology = loaded(made.texts, tmp_path)
    assert topology.peerings is not None
    assert set(topology.peerings) == {"again"}
    assert (topology.peerings["again"].state, topology.peerings["again"].age) == (
        "pending-acceptance",
        timedelta(hours=2),
    )


def test_rules_of_a_default_group_are_in_a_group_that_can_be_declared(tmp_path: Path) -> None:
    before = planned("tokyo-singapore")
    control = opening_control(before, NOW)
    rule = Rule(protocol=Protocol.TCP, ports=(61617, 61617), cidr=IPv4Network("10.9.0.0/16"))
    network = security_groups.authorize(control.network, "default-tokyo", rule)
    made = exported(before, replace(control, network=network))
    after = plan(loaded(made.texts, tmp_path), seed=7).network
    assert after.group("sg-tokyo").inbound == network.group("default-tokyo").inbound
    assert after.interface("tokyo").groups == ("sg-tokyo",)
    assert after.group("sg-singapore").inbound == network.group("default-singapore").inbound
    assert made.notes == ("the default group default-tokyo has changed rules; its name in the topology is sg-tokyo",)


def test_a_deleted_broker_is_gone_and_one_for_later_stays_for_later(tmp_path: Path) -> None:
    before = planned("hub-and-spokes")
    first, second, *_ = (each.name for each in before.brokers)
    control = opening_control(before, NOW)
    account = brokers.broker_deleted(brokers.delete_broker(control.account, first), first)
    account = brokers.set_aside(account, [second])
    topology = loaded(exported(before, replace(control, account=account)).texts, tmp_path)
    assert first not in topology.brokers
    assert topology.brokers[second].later
    assert not any(each.later for name, each in topology.brokers.items() if name != second)


@pytest.mark.parametrize("state", [each for each in BrokerState if each is not BrokerState.RUNNING])
def test_a_broker_in_another_state_is_refused_by_name(state: BrokerState) -> None:
    before = planned("tokyo-singapore")
    control = opening_control(before, NOW)
    record = replace(control.account.broker("tokyo"), state=state)
    with pytest.raises(InputError, match=f"tokyo is {state}"):
        exported(before, replace(control, account=control.account.with_broker(record)))


def test_a_link_that_is_cut_is_refused_by_name() -> None:
    before = planned("tokyo-singapore")
    link = before.links[0]
    cut = tuple(replace(each, state=LinkState.CUT) for each in link.directions)
    assert isinstance(cut[0], Direction)
    with pytest.raises(InputError, match="the link tokyo-singapore is cut from tokyo to singapore"):
        export(opening_control(before, NOW), before.regions, [replace(link, directions=(cut[0], cut[1]))])


def test_an_account_alone_is_exported_with_defaults_for_the_rest(tmp_path: Path) -> None:
    """The records of a served account have no Plan."""
    before = planned("active-standby")
    made = export(opening_control(before, NOW), before.regions, before.links)
    assert compared(plan(loaded(made.texts, tmp_path), seed=7)) == compared(before)
    assert Facts().memory == {}


def test_equal_passwords_share_a_variable_and_others_have_their_own() -> None:
    logins = {("tokyo", "bridge"): "x", ("singapore", "bridge"): "x", ("tokyo", "app"): "y", ("singapore", "app"): "z"}
    assert list(variables(logins).values()) == [
        *("BRIDGE_PASSWORD", "BRIDGE_PASSWORD", "TOKYO_APP_PASSWORD", "SINGAPORE_APP_PASSWORD")
    ]
    unknown: dict[tuple[str, str], str | None] = {("a-b", "c"): None, ("a", "b_c"): None, ("1", "é"): None}
    assert list(variables(unknown).values()) == ["A_B_C_PASSWORD", "A_B_C_PASSWORD_2", "_1___PASSWORD"]
