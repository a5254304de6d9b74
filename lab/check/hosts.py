"""Checks of a topology's hosts: their names, their regions, their addresses, and whether a region has room for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from lab.base.suggestions import unknown
from lab.declare.origin import Keys, Origin
from lab.declare.topology import Topology
from lab.errors import Place, Problem
from lab.network.addresses import check_address
from lab.network.vpc import INTERNET
from lab.plan.brokers import addresses, host_addresses

MOST_BROKERS = 20  # instances and hosts in one region: a lab's network has no more addresses
ROUTER = "router"  # the name of a lab's own container
NO_MORE_ADDRESSES = "put some of them in another region: a lab's network has no more addresses"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")  # RFC 1123, 2.1


def check_hosts(topology: Topology, origin: Origin) -> Iterator[Problem]:
    """Yield the Problems of the hosts; the checks of the network cover their security groups."""
    broker_of = {
        broker.deployment_mode.instance_name(name, number): name
        for name, broker in topology.brokers.items()
        for number in broker.deployment_mode.instances
    }
    taken = {
        (topology.brokers[name].region, str(address)): name
        for name, its in addresses(topology).items()
        for address in its
        if address is not None
    }
    room = dict.fromkeys(topology.regions, MOST_BROKERS)
    for broker in topology.brokers.values():
        room[broker.region] = room.get(broker.region, 0) - len(broker.deployment_mode.instances)
    found = host_addresses(topology)
    for name, host in topology.hosts.items():
        path: Keys = ("topology", "hosts", name)
        if not _HOST_NAME.fullmatch(name):
            yield Problem(
                what=f"{name} cannot be the name of a host, since a container gets the name",
                remedy="write letters, digits and hyphens, single dots between them; no hyphen beside a dot or last",
                place=origin.key(*path),
            )
        if name in (ROUTER, INTERNET):
            whose = "its router" if name == ROUTER else "the addresses outside it"
            yield Problem(
                what=f'a lab calls {whose} "{name}"', remedy="give the host another name", place=origin.key(*path)
            )
        elif name in topology.brokers or name in broker_of:
            whose = "a broker" if name in topology.brokers else f"an instance of the broker {broker_of[name]}"
            yield Problem(
                what=f"{name} is the name of {whose} too", remedy="give the host another name", place=origin.key(*path)
            )
        if host.region not in topology.regions:
            place = origin.place(*path, "region")
            yield unknown("region", host.region, topology.regions, "regions of this topology", place)
            continue
        vpc, address = topology.regions[host.region].vpc, found[name]
        if address is None:
            yield no_address(vpc, origin.key(*path))
        elif host.address is not None and (reason := check_address(address, vpc)):
            yield Problem(
                what=reason,
                remedy=f"write another address of {vpc}, or remove address",
                place=origin.place(*path, "address"),
            )
        elif (first := taken.setdefault((host.region, str(address)), name)) != name:
            yield Problem(
                what=f"{name} has the address of {first}",
                remedy="write another address, or remove address",
                place=origin.place(*path, "address"),
            )
        room[host.region] -= 1
        if room[host.region] < 0:
            yield Problem(
                what=f"{host.region} has more than {MOST_BROKERS} brokers and hosts (a pair counts as two)",
                remedy=NO_MORE_ADDRESSES,
                place=origin.key(*path),
            )


def no_address(vpc: IPv4Network, place: Place | None) -> Problem:
    """Return the Problem of a VPC in which every address is in use."""
    return Problem(what=f"no address is free in the VPC {vpc}", remedy="make the VPC larger", place=place)
