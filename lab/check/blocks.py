"""The check that VPCs of a peering have blocks that do not overlap, with a free block to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from lab.declare.origin import Keys, Origin
from lab.declare.topology import Topology
from lab.errors import Problem
from lab.network.addresses import PRIVATE, check_vpc
from lab.plan.brokers import declared_addresses


def check_blocks(topology: Topology, origin: Origin) -> Iterator[Problem]:
    """Yield a Problem for each region whose VPC overlaps the VPC of an earlier region that it is peered with."""
    blocks = _free_blocks(topology)
    for region, (other, place) in _overlaps(topology).items():
        one, two = topology.regions[region].vpc, topology.regions[other].vpc
        right = f"write vpc: {blocks[region]} for {region}" if region in blocks else "write smaller blocks for both"
        if region in blocks and any(each not in blocks[region] for each in _addresses(topology, region)):
            right += ", and addresses in it for its brokers and hosts"
        yield Problem(
            what=f"the VPC {one} of {region} overlaps {two} of {other}",
            remedy=f"{right}: AWS does not peer VPCs that overlap",
            place=origin.place("topology", *place),
        )


def with_free_blocks(topology: Topology) -> Topology:
    """Return the topology with the blocks of the remedies, without addresses outside them, for the later checks."""
    blocks = {region: block for region, block in _free_blocks(topology).items() if not topology.regions[region].subnets}
    if not blocks:
        return topology
    regions, brokers, hosts = dict(topology.regions), dict(topology.brokers), dict(topology.hosts)
    for name, block in blocks.items():
        regions[name] = regions[name].model_copy(update={"vpc": block})
    for name, broker in brokers.items():
        its = [address for address in declared_addresses(broker) if address is not None]
        if broker.region in blocks and any(address not in blocks[broker.region] for address in its):
            brokers[name] = broker.model_copy(update={"address": None, "addresses": None})
    for name, host in hosts.items():
        if host.region in blocks and host.address is not None and host.address not in blocks[host.region]:
            hosts[name] = host.model_copy(update={"address": None})
    return topology.model_copy(update={"regions": regions, "brokers": brokers, "hosts": hosts})


def _overlaps(topology: Topology) -> Mapping[str, tuple[str, Keys]]:
    """Return each region whose VPC overlaps that of an earlier region in an active peering: that region, a place."""
    order = {name: number for number, name in enumerate(topology.regions)}
    peered: list[tuple[tuple[str, ...], Keys]] = [
        ((each.requester, each.accepter), ("peerings", name))
        for name, each in (topology.peerings or {}).items()
        if each.state == "active"
    ]
    if topology.routed_by_links:
        peered += ((link.between, ()) for link in topology.links)
    found: dict[str, tuple[str, Keys]] = {}
    for ends, place in peered:
        if len({*ends}) < 2 or not {*ends} <= order.keys():
            continue
        one, other = sorted(ends, key=order.__getitem__)
        blocks = [topology.regions[end].vpc for end in (one, other)]
        if not any(map(check_vpc, blocks)) and blocks[0].overlaps(blocks[1]):
            found.setdefault(other, (one, place or ("regions", other, "vpc")))
    return found


def _free_blocks(topology: Topology) -> Mapping[str, IPv4Network]:
    """Return a free block for each region that needs another one, around its declared addresses if possible."""
    overlaps, blocks = _overlaps(topology), dict[str, IPv4Network]()
    taken = [region.vpc for name, region in topology.regions.items() if name not in overlaps]
    for name in overlaps:
        size = topology.regions[name].vpc.prefixlen
        around = (IPv4Network((each, size), strict=False) for each in _addresses(topology, name) if _is_private(each))
        others = (IPv4Network((f"10.{second}.0.0", size)) for second in range(1, 256))
        block = next((each for each in (*around, *others) if not any(map(each.overlaps, taken))), None)
        if block is not None:
            blocks[name] = block
            taken.append(block)
    return blocks


def _is_private(address: IPv4Address) -> bool:
    return any(address in block for block in PRIVATE)


def _addresses(topology: Topology, region: str) -> Iterator[IPv4Address]:
    """Yield the addresses that the brokers and hosts of a region declare."""
    for broker in topology.brokers.values():
        if broker.region == region:
            yield from (each for each in declared_addresses(broker) if each is not None)
    for host in topology.hosts.values():
        if host.region == region and host.address is not None:
            yield host.address
