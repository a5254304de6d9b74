"""A port more is a row more: handed a longer table, all that has to do with a broker's ports has it too.

A certificate has not: it names hosts, and is good for whatever port they listen on.
"""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv4Network

import rules

from lab.activemq.protocols import ENDPOINTS, Port, endpoint
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.sanitising import sanitise
from lab.amazonmq.files.activemq_xml import render
from lab.emulation.network.networks import INTERNET, LabNetwork
from lab.emulation.network.ports import Ports
from lab.emulation.network.router import configuration
from lab.emulation.network.subnets import Subnet
from lab.link.config import parse_config
from lab.plan.values import InstancePlan
from tests.amazonmq.cases import HERE, identity_of
from tests.docs.pages import port_rows

MORE = (*ENDPOINTS, Port(name="toy", protocol="Toy", scheme="toy+ssl", port=6789, transport="toy+nio+ssl"))
TOKYO = InstancePlan(name="tokyo", number=1, address=IPv4Address("10.1.0.10"), host_name="tokyo.example")


def networks() -> list[LabNetwork]:
    """Give a region's network and the internet's."""
    subnets = {"tokyo": "10.213.0.0/27", INTERNET: "10.213.0.32/27"}
    return [
        LabNetwork(region=name, name=name, bridge=name, subnet=Subnet(network=IPv4Network(subnet)))
        for name, subnet in subnets.items()
    ]


def test_a_broker_listens_on_it() -> None:
    identity, _ = identity_of(HERE / "bad" / "broker.toml")
    configured = sanitise(read(b'<broker xmlns="http://activemq.apache.org/schema/core"/>', "user.xml"), "5.18")
    without, with_it = (render(configured, identity, table).splitlines() for table in (ENDPOINTS, MORE))
    (line,) = [each for each in with_it if each not in without]
    assert '<transportConnector name="toy" uri="toy+nio+ssl://0.0.0.0:6789?' in line


def test_it_is_published_through_the_router() -> None:
    ports = Ports([TOKYO], MORE)
    published = ports.published(lambda its: "10.213.0.4")
    (toy,) = [each for each in published if each.broker_port == 6789]
    assert ports.named(TOKYO)["toy"] == toy.host_port
    config = parse_config(json.dumps(configuration(networks(), published, [], 1)))
    text = rules.nft_text(config, {"tokyo": "eth0", INTERNET: "eth1"})
    assert f"tcp dport {toy.router_port} dnat to 10.213.0.4:6789" in text
    assert "ip daddr 10.213.0.4 tcp dport 6789 ct status dnat accept" in text


def test_its_page_has_a_row_of_it() -> None:
    assert [each for each in port_rows(MORE) if each not in port_rows(ENDPOINTS)] == [
        ["6789", "Toy", "`toy+ssl://…:6789`", ""]
    ]


def test_a_client_finds_it_by_what_it_speaks() -> None:
    spoken = Port(name="also", protocol="STOMP", scheme="stomp+ssl", port=6790, over=("stomp",))
    assert endpoint("stomp", [spoken, *ENDPOINTS]) == "also"
