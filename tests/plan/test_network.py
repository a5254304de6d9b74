"""What a topology declares of its network, and what it is where it declares nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.check.scenario import check
from lab.declare.loading import load
from lab.network.reach import reach
from lab.network.vpc import INTERNET, Network
from lab.plan.network import network_of

SHIPPED = Path(__file__).parents[2] / "scenarios" / "topologies"
BROKERS = """
brokers:
  tokyo:     {region: tokyo, users: {someone: {password: correct-horse-42}}}
  singapore: {region: singapore, users: {someone: {password: correct-horse-42}}}
  osaka:     {region: osaka, users: {someone: {password: correct-horse-42}}}
regions:
  tokyo:     {aws-region: ap-northeast-1, vpc: 10.1.0.0/16}
  singapore: {aws-region: ap-southeast-1, vpc: 10.2.0.0/16}
  osaka:     {aws-region: ap-northeast-3, vpc: 10.3.0.0/16}
links:
  - {between: [tokyo, singapore], link: aws}
  - {between: [tokyo, osaka], link: aws}
"""


def network(folder: Path, said: str = "", vpc: str = "10.1.0.0/16") -> Network:
    (folder / "topology.yaml").write_text(f"topology: three\n{BROKERS.replace('10.1.0.0/16', vpc)}{said}")
    path = folder / "scenario.yaml"
    path.write_text("scenario: s\ntopology: topology.yaml\nsteps:\n  - wait: 1s\n")
    scenario = load(path, environment={})
    assert check(scenario) == ()
    return network_of(scenario.topology)


def open_(of: Network, source: str, target: str, port: int = 61617) -> bool:
    return reach(of, source, target, port).yes


def test_a_link_alone_is_a_peering_with_routes_and_open_groups(tmp_path: Path) -> None:
    of = network(tmp_path)
    assert {peering.name: str(peering.state) for peering in of.peerings} == {
        "tokyo-singapore": "active",
        "tokyo-osaka": "active",
    }
    for one, other in (("tokyo", "singapore"), ("tokyo", "osaka")):
        assert open_(of, one, other, 1) and open_(of, other, one, 65535)
    # no link, no way
    assert not open_(of, "singapore", "osaka")
    assert all(open_(of, INTERNET, name, 8883) for name in ("tokyo", "singapore", "osaka"))


@pytest.mark.parametrize("said", ["peerings: {}", "route-tables: {}"])
def test_who_says_anything_of_peerings_or_routes_has_exactly_what_is_said(tmp_path: Path, said: str) -> None:
    of = network(tmp_path, said)
    assert not of.peerings
    assert not open_(of, "tokyo", "singapore")
    # the other half is as it was
    assert open_(of, INTERNET, "tokyo", 8883)


def test_who_declares_a_group_has_closed_ones_and_the_links_are_as_they_were(tmp_path: Path) -> None:
    of = network(tmp_path, "security-groups: {sg: {region: tokyo}}")
    assert reach(of, "tokyo", "singapore", 61617).reason == (
        "no ingress rule on default-singapore for tcp 61617 from 10.1.0.4"
    )
    assert not open_(of, INTERNET, "tokyo", 8883)


def test_a_subnet_has_its_own_table_and_the_others_the_main_one(tmp_path: Path) -> None:
    said = """
peerings:
  p: {requester: tokyo, accepter: singapore}
route-tables:
  public: {region: tokyo, subnets: %s, routes: [{destination: 10.2.0.0/16, peering: p}]}
  south:  {region: singapore, routes: [{destination: 10.1.0.0/16, peering: p}]}
"""
    here = ", subnets: {a: 10.1.0.0/24, b: 10.1.1.0/24}}"
    (ruled, other) = (network(tmp_path, said % name, vpc=f"10.1.0.0/16{here[:-1]}") for name in ("a", "b"))
    assert [table.name for table in ruled.route_tables] == ["public", "south", "tokyo", "osaka"]
    # the broker's address, the first that is free, is in the first subnet
    assert open_(ruled, "tokyo", "singapore")
    assert reach(other, "tokyo", "singapore", 61617).reason == "no route to 10.2.0.4 in the route table tokyo"


def test_a_pending_peering_of_long_ago_has_expired(tmp_path: Path) -> None:
    said = "peerings: {p: {requester: tokyo, accepter: singapore, state: pending-acceptance, age: 168h}}"
    assert network(tmp_path, said).peering("p").state == "expired"
    assert network(tmp_path, said.replace("168h", "167h")).peering("p").state == "pending-acceptance"
    # what was accepted in time is active, however old
    assert network(tmp_path, said.replace("pending-acceptance", "active")).peering("p").state == "active"


@pytest.mark.parametrize(
    ("name", "stop"),
    [
        ("guarded", "no ingress rule on sg-singapore for tcp 61617 from 10.1.0.10"),
        ("one-route", "no way back: no route to 10.1.0.10 in the route table rtb-singapore"),
        ("tokyo-singapore", ""),
    ],
)
def test_shipped_topologies_are_closed_where_they_say_so(tmp_path: Path, name: str, stop: str) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(f"scenario: s\ntopology: {SHIPPED / name}.yaml\nsteps:\n  - wait: 1s\n")
    of = network_of(load(path, environment={}).topology)
    assert reach(of, "tokyo", "singapore", 61617).reason == stop
    assert open_(of, INTERNET, "singapore", 8883)
