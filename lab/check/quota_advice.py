"""Advice on AWS quotas that must be raised before a topology can run in a separate account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lab.declare.origin import Origin
from lab.declare.shape_quotas import asked_of_region, asked_of_vpc
from lab.declare.topology import Topology
from lab.errors import Problem
from lab.network.regions import NONE


def advise_on_quotas(topology: Topology, origin: Origin) -> Iterator[Problem]:
    """Yield advice on each VPC with more peerings, and each AWS region with more VPCs or brokers, than AWS takes."""
    codes = {name: its.aws_region for name, its in topology.regions.items() if its.aws_region != NONE}
    for region, count in _peerings(topology).items():
        if region not in codes:
            continue
        for what, remedy in asked_of_vpc(f"the VPC of {region}", count):
            yield Problem(what=what, remedy=remedy, place=origin.key("topology", "regions", region))
    brokers = Counter(codes[its.region] for its in topology.brokers.values() if its.region in codes)
    for code, vpcs in Counter(codes.values()).items():
        first = next(name for name in codes if codes[name] == code)
        place = origin.place("topology", "regions", first, "aws-region")
        for what, remedy in asked_of_region(code, vpcs, brokers[code]):
            yield Problem(what=what, remedy=remedy, place=place)


def _peerings(topology: Topology) -> Counter[str]:
    """Return how many active peerings each region's VPC has when the lab opens; without declared ones a link is one."""
    if topology.peerings is None:
        pairs = (link.between for link in topology.links) if topology.routed_by_links else ()
    else:
        pairs = ((each.requester, each.accepter) for each in topology.peerings.values() if each.state == "active")
    return Counter(region for pair in pairs for region in pair)
