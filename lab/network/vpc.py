"""A Network as AWS keeps it: VPCs, subnets, route tables, peerings, security groups, and the interfaces in it.

Frozen values with look-ups. The verbs that change a Network are in `peerings`, `routes` and `security_groups`; `reach`
decides which connections it permits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Self, TypeVar

from lab.base.dataclass import dataclass
from lab.link import policy
from lab.network.refusals import refused

ANYWHERE = IPv4Network("0.0.0.0/0")
INTERNET = policy.INTERNET  # the source of connections by the lab's own clients
ALL_PORTS = (0, 65535)
CLIENT_ADDRESS = IPv4Address("127.0.0.1")  # the address of these clients, as security groups see it
EXPIRES_AFTER = timedelta(days=7)  # of a request that nobody accepts


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
    """The protocol of a security group's rule."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """One VPC; each region of a lab has one."""

    name: str
    aws_region: str
    cidrs: tuple[IPv4Network, ...]
    id: str = ""  # vpc-… of the API, where the lab's network for it has another name

    def __contains__(self, address: IPv4Address) -> bool:
        return any(address in cidr for cidr in self.cidrs)

    def overlaps(self, other: Vpc) -> bool:
        """Return whether a block of this VPC overlaps a block of another."""
        return any(mine.overlaps(its) for mine in self.cidrs for its in other.cidrs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A part of a VPC, and its route table."""

    name: str
    vpc: str
    cidr: IPv4Network
    route_table: str
    association: str = ""  # rtbassoc-… if it names its table; "": it follows the VPC's main table


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route to a peering; the VPC's own addresses are local and need none."""

    destination: IPv4Network
    peering: str  # its id


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """The routes of one or more subnets of a VPC, without the local route."""

    name: str
    vpc: str
    routes: tuple[Route, ...] = ()
    main: str = ""  # rtbassoc-… of the VPC's main table; "": another table, or the VPC was declared

    def towards(self, address: IPv4Address) -> Route | None:
        """Return the most specific route to an address, or None."""
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
    requested: timedelta  # on the lab's clock; negative if it existed before the lab opened

    @property
    def vpcs(self) -> frozenset[str]:
        """Return the names of both VPCs."""
        return frozenset((self.requester, self.accepter))

    @property
    def alive(self) -> bool:
        """Return whether the peering prevents another peering of the same VPCs."""
        return self.state in (PeeringState.INITIATING, PeeringState.PENDING, PeeringState.ACTIVE)

    def other(self, vpc: str) -> str:
        """Return the VPC at the other end."""
        return self.accepter if vpc == self.requester else self.requester


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One permission of a security group, to or from addresses or the members of a group."""

    protocol: Protocol
    ports: tuple[int, int]  # the first and the last; ignored for protocols without ports
    cidr: IPv4Network | None = None  # the addresses, or None if `group` or `ipv6` is set
    group: str = ""  # the group whose members are meant
    ipv6: str = ""  # addresses of IPv6, which no broker has
    id: str = field(default="", compare=False)  # sgr-…; two rules that permit the same are equal

    def __str__(self) -> str:
        return f"{self.allowed} {self.peer}"

    @property
    def peer(self) -> str:
        """The addresses or the group at the other end, as text."""
        return str(self.cidr) if self.cidr is not None else self.group or self.ipv6

    @property
    def allowed(self) -> str:
        """The protocol and ports that pass, as text: `tcp 61617`."""
        if self.protocol not in (Protocol.TCP, Protocol.UDP):
            return str(self.protocol)
        first, last = self.ports
        if (first, last) == (0, 65535):
            return str(self.protocol)
        return f"{self.protocol} {first}" if first == last else f"{self.protocol} {first}-{last}"


EVERYTHING = Rule(protocol=Protocol.ALL, ports=(0, 65535), cidr=ANYWHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A security group: stateful, and everything that no rule allows is denied."""

    name: str
    vpc: str
    inbound: tuple[Rule, ...] = ()
    outbound: tuple[Rule, ...] = (EVERYTHING,)
    group_name: str = ""  # AWS's name, which is unique in a VPC alone; "": `name`


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """The network interface of a broker's instance, or of a host."""

    name: str  # the instance's, or the host's
    broker: str  # "": a host's
    vpc: str
    address: IPv4Address  # as declared, which Docker's need not be
    groups: tuple[str, ...]
    public: bool = True

    @property
    def owner(self) -> str:
        """Return the name of the broker, or of the host."""
        return self.broker or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The VPCs of a lab and everything in and between them."""

    topology: str = ""  # ids are derived from its name
    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    peerings: tuple[Peering, ...] = ()  # the oldest first; an ended one stays, as in AWS for a while
    groups: tuple[SecurityGroup, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    linked: frozenset[frozenset[str]] = field(default=frozenset())  # pairs of VPCs that a link joins

    def vpc(self, name: str) -> Vpc:
        """Return the VPC of a name; raise InputError if there is none."""
        return _find(self.vpcs, name, "VPCs", "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist")

    def route_table(self, name: str) -> RouteTable:
        """Return the route table of a name; raise InputError if there is none."""
        code = "InvalidRouteTableID.NotFound"
        return _find(self.route_tables, name, "route tables", code, "The routeTable ID '{}' does not exist")

    def subnet(self, name: str) -> Subnet:
        """Return the subnet of a name; raise InputError if there is none."""
        return _find(self.subnets, name, "subnets", "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist")

    def group(self, name: str) -> SecurityGroup:
        """Return the security group of a name; raise InputError if there is none."""
        code = "InvalidGroup.NotFound"
        return _find(self.groups, name, "security groups", code, "The security group '{}' does not exist")

    def interface(self, name: str) -> Interface:
        """Return the interface of an instance; raise InputError if there is none."""
        code = "InvalidInstanceID.NotFound"
        return _find(self.interfaces, name, "instances", code, "The instance ID '{}' does not exist")

    def peering(self, name: str) -> Peering:
        """Return the peering of an id, or the newest of a name; raise InputError if there is none."""
        if (found := _newest(_Same(self.peerings)).get(name)) is not None:
            return found
        raise refused(
            "InvalidVpcPeeringConnectionID.NotFound",
            f"The vpcPeeringConnection ID '{name}' does not exist",
            f"peerings: {', '.join(dict.fromkeys(each.name for each in self.peerings)) or 'none'}",
        )

    @property
    def hosts(self) -> tuple[Interface, ...]:
        """Return the interfaces of hosts, the places of applications beside the brokers."""
        return tuple(each for each in self.interfaces if not each.broker)

    def of_broker(self, broker: str) -> tuple[Interface, ...]:
        """Return the interfaces of a broker's instances."""
        return tuple(each for each in self.interfaces if each.broker == broker)

    def subnet_of(self, interface: Interface) -> Subnet:
        """Return the smallest subnet that contains an interface's address."""
        here = _by_vpc(_Same(self.subnets))[interface.vpc]
        its = [each for each in here if interface.address in each.cidr]
        return max(its, key=lambda subnet: subnet.cidr.prefixlen)

    def blackholes(self) -> Iterator[tuple[RouteTable, Route, Peering]]:
        """Yield every route whose peering is not active, with its table and the peering."""
        for table in self.route_tables:
            for route in table.routes:
                if (peering := self.peering(route.peering)).state is not PeeringState.ACTIVE:
                    yield table, route, peering

    def at(self, now: timedelta) -> Self:
        """Return a copy in which every request pending for 7 days at `now` has expired."""
        return replace(self, peerings=tuple(_expired_at(each, now) for each in self.peerings))

    def with_peering(self, changed: Peering) -> Self:
        """Return a copy with a peering added, or in the place of the one with its id."""
        ids = [each.id for each in self.peerings]
        if changed.id not in ids:
            return replace(self, peerings=(*self.peerings, changed))
        return replace(self, peerings=tuple(changed if each.id == changed.id else each for each in self.peerings))

    def with_route_table(self, changed: RouteTable) -> Self:
        """Return a copy with a route table in the place of the one of its name."""
        found = tuple(changed if each.name == changed.name else each for each in self.route_tables)
        return replace(self, route_tables=found)

    def with_subnet(self, changed: Subnet) -> Self:
        """Return a copy with a subnet in the place of the one of its name."""
        return replace(self, subnets=tuple(changed if each.name == changed.name else each for each in self.subnets))

    def with_group(self, changed: SecurityGroup) -> Self:
        """Return a copy with a security group in the place of the one of its name."""
        return replace(self, groups=tuple(changed if each.name == changed.name else each for each in self.groups))

    def with_interface(self, added: Interface) -> Self:
        """Return a copy with an interface added, or in the place of the one of its name."""
        others = tuple(each for each in self.interfaces if each.name != added.name)
        return replace(self, interfaces=(*others, added))


def _expired_at(peering: Peering, now: timedelta) -> Peering:
    waiting = peering.state is PeeringState.PENDING
    if waiting and now - peering.requested >= EXPIRES_AFTER:
        return replace(peering, state=PeeringState.EXPIRED)
    return peering


_T = TypeVar("_T", Vpc, Subnet, RouteTable, SecurityGroup, Interface)


class _Same:
    """Items that are compared by their identity, not one by one."""

    def __init__(self, items: tuple[Any, ...]) -> None:
        self.items = items

    def __hash__(self) -> int:
        return id(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.items is other.items


@lru_cache(maxsize=8)
def _by_name(parts: _Same) -> Mapping[str, Any]:
    """Return the first part of each name; cached, since a large network is searched thousands of times."""
    return {each.name: each for each in reversed(parts.items)}


@lru_cache(maxsize=2)
def _by_vpc(parts: _Same) -> Mapping[str, Sequence[Subnet]]:
    found: dict[str, list[Subnet]] = {}
    for each in parts.items:
        found.setdefault(each.vpc, []).append(each)
    return found


@lru_cache(maxsize=2)
def _newest(parts: _Same) -> Mapping[str, Peering]:
    return {key: each for each in parts.items for key in (each.name, each.id)}


def _find(items: tuple[_T, ...], name: str, label: str, code: str, sentence: str) -> _T:
    found: _T | None = _by_name(_Same(items)).get(name)
    if found is not None:
        return found
    raise refused(code, sentence.format(name), f"{label}: {', '.join(each.name for each in items) or 'none'}")
