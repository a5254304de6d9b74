"""Networks for tests: three VPCs in a row, one broker in each, all links between them."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network

from lab.network import peerings, routes, security_groups
from lab.network.vpc import EVERYTHING, Interface, Network, Protocol, RouteTable, Rule, SecurityGroup, Subnet, Vpc

NOW, WEEK = timedelta(0), timedelta(days=7)
NAMES = ("tokyo", "singapore", "sydney")
REGIONS = {"tokyo": "ap-northeast-1", "singapore": "ap-southeast-1", "sydney": "ap-southeast-2"}
BLOCKS = {name: IPv4Network(f"10.{number}.0.0/16") for number, name in enumerate(NAMES, 1)}


def rule(port: int | tuple[int, int] = 61617, cidr: str = "10.1.0.10/32", protocol: Protocol = Protocol.TCP) -> Rule:
    return Rule(protocol=protocol, ports=port if isinstance(port, tuple) else (port, port), cidr=IPv4Network(cidr))


def network(**blocks: str) -> Network:
    """Return three VPCs, unpeered, with closed groups; blocks may be others."""
    ranges = BLOCKS | {name: IPv4Network(block) for name, block in blocks.items()}
    return Network(
        topology="three",
        vpcs=tuple(Vpc(name=name, aws_region=REGIONS[name], cidrs=(ranges[name],)) for name in NAMES),
        subnets=tuple(Subnet(name=name, vpc=name, cidr=ranges[name], route_table=name) for name in NAMES),
        route_tables=tuple(RouteTable(name=name, vpc=name) for name in NAMES),
        groups=tuple(SecurityGroup(name=f"sg-{name}", vpc=name, outbound=(EVERYTHING,)) for name in NAMES),
        interfaces=tuple(
            Interface(name=name, broker=name, vpc=name, address=IPv4Address(ranges[name][10]), groups=(f"sg-{name}",))
            for name in NAMES
        ),
        linked=frozenset(frozenset((one, other)) for one in NAMES for other in NAMES if one != other),
    )


def peered(of: Network, requester: str = "tokyo", accepter: str = "singapore") -> Network:
    """Return it with an active peering, called by both."""
    asked = peerings.request(of, name=f"{requester}-{accepter}", requester=requester, accepter=accepter, at=NOW)
    return peerings.accept(asked.network, asked.peering.id, at=NOW)


def routed(of: Network, requester: str = "tokyo", accepter: str = "singapore") -> Network:
    """Return it peered and with a route on each side."""
    of = peered(of, requester, accepter)
    for here, there in ((requester, accepter), (accepter, requester)):
        of = routes.create(of, table=here, destination=of.vpc(there).cidrs[0], peering=f"{requester}-{accepter}")
    return of


def opened(of: Network, group: str = "sg-singapore", port: int = 61617, cidr: str = "10.1.0.10/32") -> Network:
    """Return it with something let in."""
    return security_groups.authorize(of, group, rule(port, cidr))
