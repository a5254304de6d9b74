"""A Network as AWS keeps it: VPCs, subnets, route tables, peerings, security groups, and the brokers' interfaces.

Frozen values that look themselves up. Whoever changes one is in `peerings`, `routes` or `security_groups`, where each
verb is a function Network → Network; who may talk to whom is in `reach`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Self, TypeVar

from lab.errors import InputError

ANYWHERE = IPv4Network("0.0.0.0/0")
INTERNET = "internet"  # where a lab's own clients are
CLIENT_ADDRESS = IPv4Address("127.0.0.1")  # the address they come from, as security groups see it
EXPIRES_AFTER = timedelta(days=7)  # of a request that nobody accepts
MOST_GROUPS = 5  # of one broker
MOST_RULES = 60  # of one group in one direction


class PeeringState(StrEnum):
    """The states of a peering connection, by AWS's names."""

    INITIATING = "initiating-request"
    PENDING = "pending-acceptance"
    ACTIVE = "active"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    DELETED = "deleted"


class Protocol(StrEnum):
    """What a security group's rule is about."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """One VPC; a lab's region has one."""

    name: str
    aws_region: str
    cidrs: tuple[IPv4Network, ...]

    def __contains__(self, address: IPv4Address) -> bool:
        return any(address in cidr for cidr in self.cidrs)

    def overlaps(self, other: Vpc) -> bool:
        """Return whether any two blocks of both overlap."""
        return any(mine.overlaps(its) for mine in self.cidrs for its in other.cidrs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A part of a VPC, and the route table that rules it."""

    name: str
    vpc: str
    cidr: IPv4Network
    route_table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where packets for some addresses go; the VPC's own are local, which needs no route of this kind."""

    destination: IPv4Network
    peering: str  # its id


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """The routes of one or more subnets of a VPC, beside the local one."""

    name: str
    vpc: str
    routes: tuple[Route, ...] = ()

    def towards(self, address: IPv4Address) -> Route | None:
        """Return the most specific route that leads to an address."""
        fitting = [route for route in self.routes if address in route.destination]
        return max(fitting, key=lambda route: route.destination.prefixlen, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peering:
    """A peering connection between two VPCs."""

    id: str  # pcx-…
    name: str
    requester: str
    accepter: str
    state: PeeringState
    requested: timedelta  # on the lab's clock; before 0 where it was there when the lab began

    @property
    def vpcs(self) -> frozenset[str]:
        """Return the two VPCs."""
        return frozenset((self.requester, self.accepter))

    @property
    def alive(self) -> bool:
        """Return whether it stands in the way of another one between the same VPCs."""
        return self.state in (PeeringState.INITIATING, PeeringState.PENDING, PeeringState.ACTIVE)

    def other(self, vpc: str) -> str:
        """Return the VPC at the other end."""
        return self.accepter if vpc == self.requester else self.requester


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a security group allows, to or from addresses or a group's members."""

    protocol: Protocol
    ports: tuple[int, int]  # the first and the last; of no meaning without ports
    cidr: IPv4Network | None = None  # to or from these addresses
    group: str = ""  # or the members of this group

    def __str__(self) -> str:
        return f"{self.allowed} {self.peer}"

    @property
    def peer(self) -> str:
        """Name those it is about."""
        return self.group if self.cidr is None else str(self.cidr)

    @property
    def allowed(self) -> str:
        """Say what passes, without whose it is."""
        if self.protocol not in (Protocol.TCP, Protocol.UDP):
            return str(self.protocol)
        first, last = self.ports
        if (first, last) == (0, 65535):
            return str(self.protocol)
        return f"{self.protocol} {first}" if first == last else f"{self.protocol} {first}-{last}"


EVERYTHING = Rule(protocol=Protocol.ALL, ports=(0, 65535), cidr=ANYWHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A security group: stateful, and made of what it allows alone."""

    name: str
    vpc: str
    inbound: tuple[Rule, ...] = ()
    outbound: tuple[Rule, ...] = (EVERYTHING,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """The network interface of one broker instance."""

    name: str  # the instance's
    broker: str
    vpc: str
    address: IPv4Address  # as declared
    groups: tuple[str, ...]
    public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """All of it."""

    topology: str = ""  # ids are derived from its name
    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    peerings: tuple[Peering, ...] = ()  # the oldest first; one that has ended stays, as in AWS for a while
    groups: tuple[SecurityGroup, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    linked: frozenset[frozenset[str]] = field(default=frozenset())  # pairs of VPCs that a link joins

    def vpc(self, name: str) -> Vpc:
        """Return a VPC; InputError where there is none."""
        return _find(self.vpcs, name, "VPCs", "InvalidVpcID.NotFound: The vpc ID '{}' does not exist")

    def route_table(self, name: str) -> RouteTable:
        """Return a route table; InputError where there is none."""
        words = "InvalidRouteTableID.NotFound: The routeTable ID '{}' does not exist"
        return _find(self.route_tables, name, "route tables", words)

    def group(self, name: str) -> SecurityGroup:
        """Return a security group; InputError where there is none."""
        words = "InvalidGroup.NotFound: The security group '{}' does not exist"
        return _find(self.groups, name, "security groups", words)

    def interface(self, name: str) -> Interface:
        """Return an instance's interface; InputError where there is none."""
        return _find(self.interfaces, name, "instances", "there is no instance {}")

    def peering(self, name: str) -> Peering:
        """Return a peering by its id, or the newest of that name; InputError where there is none."""
        found = [each for each in self.peerings if name in (each.id, each.name)]
        if found:
            return found[-1]
        raise InputError.of(
            f"InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection ID '{name}' does not exist",
            f"peerings: {', '.join(dict.fromkeys(each.name for each in self.peerings)) or 'none'}",
        )

    def of_broker(self, broker: str) -> tuple[Interface, ...]:
        """Return the interfaces of a broker's instances."""
        return tuple(each for each in self.interfaces if each.broker == broker)

    def subnet_of(self, interface: Interface) -> Subnet:
        """Return the subnet that an interface is in, the smallest that holds its address."""
        its = [each for each in self.subnets if each.vpc == interface.vpc and interface.address in each.cidr]
        return max(its, key=lambda subnet: subnet.cidr.prefixlen)

    def blackholes(self) -> Iterator[tuple[RouteTable, Route, Peering]]:
        """Return every route that leads nowhere, since its peering is not active."""
        for table in self.route_tables:
            for route in table.routes:
                if (peering := self.peering(route.peering)).state is not PeeringState.ACTIVE:
                    yield table, route, peering

    def at(self, now: timedelta) -> Self:
        """Return a copy in which what nobody accepted in time has expired."""
        return replace(self, peerings=tuple(_aged(each, now) for each in self.peerings))

    def with_peering(self, changed: Peering) -> Self:
        """Return a copy with a peering added, or in the place of the one with its id."""
        ids = [each.id for each in self.peerings]
        if changed.id not in ids:
            return replace(self, peerings=(*self.peerings, changed))
        return replace(self, peerings=tuple(changed if each.id == changed.id else each for each in self.peerings))

    def with_route_table(self, changed: RouteTable) -> Self:
        """Return a copy with another route table of that name."""
        found = tuple(changed if each.name == changed.name else each for each in self.route_tables)
        return replace(self, route_tables=found)

    def with_group(self, changed: SecurityGroup) -> Self:
        """Return a copy with another security group of that name."""
        return replace(self, groups=tuple(changed if each.name == changed.name else each for each in self.groups))

    def with_interface(self, added: Interface) -> Self:
        """Return a copy with an interface added, or in the place of the one of that name."""
        others = tuple(each for each in self.interfaces if each.name != added.name)
        return replace(self, interfaces=(*others, added))

    def without_broker(self, broker: str) -> Self:
        """Return a copy without a broker's interfaces."""
        return replace(self, interfaces=tuple(each for each in self.interfaces if each.broker != broker))


def _aged(peering: Peering, now: timedelta) -> Peering:
    waiting = peering.state is PeeringState.PENDING
    if waiting and now - peering.requested >= EXPIRES_AFTER:
        return replace(peering, state=PeeringState.EXPIRED)
    return peering


_T = TypeVar("_T", Vpc, RouteTable, SecurityGroup, Interface)


def _find(items: tuple[_T, ...], name: str, label: str, words: str) -> _T:
    for each in items:
        if each.name == name:
            return each
    raise InputError.of(words.format(name), f"{label}: {', '.join(each.name for each in items) or 'none'}")
