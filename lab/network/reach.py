"""The connections that a Network permits between endpoints, by port, and the rules that stop the others. Pure.

A Way is one direction between two endpoints, as the router gets it; `reach` combines the two Ways of a connection:

    egress rules ─▶ route there ─▶ ingress rules ─▶ route back        an answer needs no rule: groups are stateful
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from ipaddress import IPv4Address

from lab.base.dataclass import dataclass
from lab.link import policy
from lab.network.vpc import CLIENT_ADDRESS, INTERNET, Interface, Network, PeeringState, Protocol, Rule

WHAT = policy.WHAT


class Stop(StrEnum):
    """The obstacle to a connection."""

    NOT_PUBLIC = "not-public"
    NO_EGRESS_RULE = "no-egress-rule"
    NO_ROUTE = "no-route"
    BLACKHOLE = "blackhole"
    NO_TRANSIT = "no-transit"
    NO_INGRESS_RULE = "no-ingress-rule"
    NO_RETURN_ROUTE = "no-return-route"
    LINK = "link"  # it is cut; a Network does not know links, the caller adds this


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """A protocol and a range of ports that may pass; ICMP has no ports."""

    protocol: Protocol
    first: int
    last: int

    def __contains__(self, packet: tuple[Protocol, int]) -> bool:
        protocol, port = packet
        if self.protocol is Protocol.ALL:
            return True
        return self.protocol is protocol and (protocol is Protocol.ICMP or self.first <= port <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A direction between two endpoints in different VPCs: whether packets arrive, and which connections may begin."""

    source: str  # an instance, or INTERNET
    target: str  # an instance
    stop: Stop | None  # why no packet arrives at all; None if packets do
    no_route: str  # the same in words; empty if packets arrive
    outbound: tuple[Ports, ...]  # what the source's security groups let out to the target
    no_egress: str  # why everything else is not let out, with WHAT in it
    inbound: tuple[Ports, ...]  # what the target's security groups let in from the source
    no_ingress: str  # why everything else is not let in, with WHAT in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The answer of `reach`: a connection can be opened, or the rule that stops it, with the reason in words."""

    stop: Stop | None = None
    reason: str = ""

    @property
    def yes(self) -> bool:
        """Return whether the connection can be opened."""
        return self.stop is None


def reach(network: Network, source: str, target: str, port: int, protocol: Protocol = Protocol.TCP) -> Reach:
    """Return whether an instance, or the internet, can open a connection to an instance's port.

    >>> reach(planned.network, "tokyo", "singapore", 61617).yes, reach(planned.network, "tokyo", "singapore", 22).reason
    (True, '')
    """
    there, what = way(network, source, target), f"{protocol} {port}"
    if not _passes(there.outbound, protocol, port):
        return Reach(stop=Stop.NO_EGRESS_RULE, reason=there.no_egress.replace(WHAT, what))
    if there.stop is not None:
        return Reach(stop=there.stop, reason=there.no_route)
    if not _passes(there.inbound, protocol, port):
        return Reach(stop=Stop.NO_INGRESS_RULE, reason=there.no_ingress.replace(WHAT, what))
    if source != INTERNET:
        back = way(network, target, source)
        if back.stop is not None:
            return Reach(stop=Stop.NO_RETURN_ROUTE, reason=f"no way back: {back.no_route}")
    return Reach()


def ways(network: Network) -> Iterator[Way]:
    """Yield every direction that the router polices: between VPCs, and from the internet."""
    for target in network.interfaces:
        yield way(network, INTERNET, target.name)
        for source in network.interfaces:
            if source.vpc != target.vpc:
                yield way(network, source.name, target.name)


def way(network: Network, source: str, target: str) -> Way:
    """Return the direction from an instance, or the internet, to an instance."""
    to = network.interface(target)
    if source == INTERNET:
        return _from_the_internet(network, to)
    of = network.interface(source)
    stop, words = _route(network, of, to)
    return Way(
        source=source,
        target=target,
        stop=stop,
        no_route=words,
        outbound=_allowed(network, of, to, "outbound"),
        no_egress=f"no egress rule on {_groups(of)} for {WHAT} to {to.address}",
        inbound=_allowed(network, to, of, "inbound"),
        no_ingress=f"no ingress rule on {_groups(to)} for {WHAT} from {of.address}",
    )


def _from_the_internet(network: Network, to: Interface) -> Way:
    closed = not to.public
    return Way(
        source=INTERNET,
        target=to.name,
        stop=Stop.NOT_PUBLIC if closed else None,
        no_route=f"{to.owner} is not public: the internet does not reach {to.address}" if closed else "",
        outbound=(_EVERYTHING,),
        no_egress="",
        inbound=_ports(rule for rule in _rules(network, to, "inbound") if _covers(rule, CLIENT_ADDRESS)),
        no_ingress=f"no ingress rule on {_groups(to)} for {WHAT} from {CLIENT_ADDRESS}",
    )


def _route(network: Network, interface: Interface, to: Interface) -> tuple[Stop | None, str]:
    """Return the rule that stops all packets between two interfaces, and why in words; (None, "") if none does."""
    if interface.vpc == to.vpc:
        return None, ""
    table = network.route_table(network.subnet_of(interface).route_table)
    if to.address in network.vpc(interface.vpc):  # of overlapping VPCs: an address of the own VPC's never leaves it
        return Stop.NO_ROUTE, f"{to.address} is local in the route table {table.name}"
    route = table.towards(to.address)
    if route is None:
        return Stop.NO_ROUTE, f"no route to {to.address} in the route table {table.name}"
    peering = network.peering(route.peering)
    if peering.state is not PeeringState.ACTIVE:
        return Stop.BLACKHOLE, (
            f"the route {route.destination} in the route table {table.name} is a blackhole: the peering {peering.name} "
            f"is {peering.state}"
        )
    far = peering.other(interface.vpc)
    if far != to.vpc:
        return Stop.NO_TRANSIT, (
            f"the route {route.destination} in the route table {table.name} leads to {far} over the peering "
            f"{peering.name}, which does not reach {to.address} in {to.vpc}: a peering has no transit"
        )
    return None, ""


def _allowed(network: Network, own: Interface, other: Interface, way: str) -> tuple[Ports, ...]:
    return _ports(rule for rule in _rules(network, own, way) if _applies(network, own, rule, other))


def _rules(network: Network, interface: Interface, way: str) -> Iterator[Rule]:
    for name in interface.groups:
        yield from getattr(network.group(name), way)


def _applies(network: Network, own: Interface, rule: Rule, other: Interface) -> bool:
    """Return whether a rule of an interface applies to another one, by its address or by a group it is in."""
    if _covers(rule, other.address):
        return True
    if rule.group not in other.groups:
        return False
    joined = {own.vpc, other.vpc}
    return len(joined) == 1 or any(each.state == "active" and each.vpcs == joined for each in network.peerings)


def _covers(rule: Rule, address: IPv4Address) -> bool:
    return rule.cidr is not None and address in rule.cidr


def _ports(rules: Iterable[Rule]) -> tuple[Ports, ...]:
    found = (Ports(protocol=rule.protocol, first=rule.ports[0], last=rule.ports[1]) for rule in rules)
    unique = tuple(dict.fromkeys(found))
    return (_EVERYTHING,) if any(each.protocol is Protocol.ALL for each in unique) else unique


def _passes(allowed: Sequence[Ports], protocol: Protocol, port: int) -> bool:
    return any((protocol, port) in each for each in allowed)


def _groups(interface: Interface) -> str:
    return " or ".join(interface.groups) or f"{interface.owner}, which has no security group"


_EVERYTHING = Ports(protocol=Protocol.ALL, first=0, last=65535)
