"""A topology's Network, built from its declarations by the verbs of `lab.network`; refusals become Problems.

Without declared peerings and route tables, each link is an active peering with routes both ways; without declared
security groups, every broker's group is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from ipaddress import IPv4Address

from lab.declare.origin import Keys, Origin
from lab.declare.topology import Broker, Host, Topology
from lab.declare.vpc import InboundRule, OutboundRule
from lab.errors import InputError, Problem
from lab.network import peerings, routes, security_groups
from lab.network.regions import NONE
from lab.network.vpc import (
    ANYWHERE,
    EVERYTHING,
    Interface,
    Network,
    Peering,
    PeeringState,
    Protocol,
    Route,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
)
from lab.plan.brokers import addresses, host_addresses

_ROOT: Keys = ("topology",)
BEGINNING = timedelta(0)


def network_of(topology: Topology) -> Network:
    """Return the Network of a topology; if it has Problems, without the parts that are refused."""
    return _NetworkBuilder(topology, Origin()).network


def network_problems(topology: Topology, origin: Origin) -> Iterator[Problem]:
    """Yield the Problems of the declared VPCs, peerings, routes and groups: those AWS, or the lab, would refuse."""
    yield from _NetworkBuilder(topology, origin).problems


def default_group(region: str) -> str:
    """Return the name of the group of a broker that declares none; in AWS each VPC has one called default."""
    return f"default-{region}"


class _NetworkBuilder:
    """A Network while it is built; a part that a verb refuses becomes a Problem, and is not built."""

    def __init__(self, topology: Topology, origin: Origin) -> None:
        self._topology, self._origin = topology, origin
        self.problems: list[Problem] = []
        regions = topology.regions.items()
        self.network = Network(
            topology=topology.topology,
            vpcs=tuple(
                Vpc(name=name, aws_region=of.aws_region if of.aws_region != NONE else name, cidrs=(of.vpc,))
                for name, of in regions
            ),
            subnets=(),
            route_tables=(),
            linked=frozenset(frozenset(link.between) for link in topology.links),
        )
        self._route_tables()
        self._subnets()
        self._peerings()
        self._routes()
        self._groups()
        self._interfaces()

    def _apply(self, place: Keys, change: Callable[[Network], Network]) -> None:
        try:
            self.network = change(self.network)
        except InputError as error:
            where = self._origin.place(*_ROOT, *place)
            self.problems += (replace(problem, place=where) for problem in error.problems)

    def _report(self, place: Keys, problem: str, remedy: str) -> None:
        self.problems.append(Problem(what=problem, remedy=remedy, place=self._origin.place(*_ROOT, *place)))

    def _check_region(self, region: str, place: Keys) -> bool:
        if region in self._topology.regions:
            return True
        label = f"write one of the regions of this topology: {', '.join(self._topology.regions)}"
        self._report(place, f'no region named "{region}"', label)
        return False

    def _route_tables(self) -> None:
        """Add every VPC's route tables, among them a main one, named as the region unless one is declared."""
        declared = self._topology.route_tables or {}
        made: list[RouteTable] = []
        for name, table in declared.items():
            if self._check_region(table.region, ("route-tables", name, "region")):
                made.append(RouteTable(name=name, vpc=table.region))
        every = self._main_tables()
        for region in self._topology.regions:
            mains = every.get(region, [])
            for name in mains[1:]:
                what = f"a second main route table of {region}: {mains[0]} applies to every subnet that no table names"
                self._report(("route-tables", name), what, "name its subnets: [NAME]")
            if not mains:
                if (clash := declared.get(region)) is not None:
                    what = f"{region} is the name of the main route table of {region}"
                    right = f"give this table of {clash.region} another name, or declare a main table: without subnets"
                    self._report(("route-tables", region), what, right)
                else:
                    made.append(RouteTable(name=region, vpc=region))
        self.network = replace(self.network, route_tables=tuple(made))

    def _subnets(self) -> None:
        made: list[Subnet] = []
        mains = self._main_tables()
        ruled = {
            (table.region, subnet): name
            for name, table in (self._topology.route_tables or {}).items()
            for subnet in table.subnets
        }
        for region, of in self._topology.regions.items():
            main, here = mains.get(region, [region])[0], list[Subnet]()
            for name, cidr in (of.subnets or {region: of.vpc}).items():
                place: Keys = ("regions", region, "subnets", name)
                if not cidr.subnet_of(of.vpc):
                    self._report(
                        place,
                        f"InvalidSubnet.Range: The CIDR '{cidr}' is invalid: it is not inside the VPC {of.vpc}",
                        f"write a part of {of.vpc}",
                    )
                for other in here:
                    if other.cidr.overlaps(cidr):
                        self._report(
                            place,
                            f"InvalidSubnet.Conflict: The CIDR '{cidr}' conflicts with another subnet: {other.name}",
                            f"write another part of {of.vpc}: {other.name} is {other.cidr}",
                        )
                here.append(Subnet(name=name, vpc=region, cidr=cidr, route_table=ruled.pop((region, name), main)))
            made += here
        for (region, subnet), table in ruled.items():
            if region in self._topology.regions:
                its = ", ".join(self._topology.regions[region].subnets) or "none is declared"
                place = ("route-tables", table, "subnets")
                self._report(
                    place, f'{region} has no subnet named "{subnet}"', f"name a subnet of {region}; its subnets: {its}"
                )
        self.network = replace(self.network, subnets=tuple(made))

    def _main_tables(self) -> dict[str, list[str]]:
        """Return the declared main tables of each region that has any; the first of them rules."""
        found: dict[str, list[str]] = {}
        for name, table in (self._topology.route_tables or {}).items():
            if not table.subnets:
                found.setdefault(table.region, []).append(name)
        return found

    def _peerings(self) -> None:
        if self._topology.routed_by_links:
            self._peer_by_links()
            return
        for name, each in (self._topology.peerings or {}).items():
            place: Keys = ("peerings", name)
            known = [self._check_region(getattr(each, end), (*place, end)) for end in ("requester", "accepter")]
            before = len(self.problems)
            if all(known):
                self._apply(place, partial(_request, name=name, ends=(each.requester, each.accepter), age=each.age))
            if all(known) and each.state == "active" and len(self.problems) == before:
                self._activate(name)
        self.network = self.network.at(BEGINNING)

    def _activate(self, name: str) -> None:
        """Make a declared peering active, however long ago it was requested: its accepter accepted it in time."""
        found = self.network.peering(name)
        if found.state is not PeeringState.FAILED:  # of two blocks that overlap: `lab.check.blocks` reports them
            self.network = self.network.with_peering(replace(found, state=PeeringState.ACTIVE))

    def _peer_by_links(self) -> None:
        """Make every link an active peering with routes both ways; Problems of links are reported by other checks."""
        vpcs = {vpc.name: vpc for vpc in self.network.vpcs}
        leading: dict[str, list[Route]] = {}
        made: dict[str, Peering] = {}
        joined: set[frozenset[str]] = set()
        for link in self._topology.links:
            here, there = link.between
            ends = frozenset(link.between)
            if len(ends) < 2 or not ends <= vpcs.keys() or ends in joined or link.name in made:
                continue
            if vpcs[here].overlaps(vpcs[there]):
                continue
            joined.add(ends)
            peering = Peering(
                id=peerings.derived_id(self.network.topology, link.name, 0),
                name=link.name,
                requester=here,
                accepter=there,
                state=PeeringState.ACTIVE,
                requested=BEGINNING,
            )
            made[link.name] = peering
            for vpc, other in (link.between, reversed(link.between)):
                leading.setdefault(vpc, []).extend(
                    Route(destination=cidr, peering=peering.id) for cidr in vpcs[other].cidrs
                )
        self.network = replace(
            self.network,
            peerings=tuple(made.values()),
            route_tables=tuple(
                replace(each, routes=tuple(leading.get(each.name, ()))) for each in self.network.route_tables
            ),
        )

    def _routes(self) -> None:
        tables = [table.name for table in self.network.route_tables]
        for name, declared in (self._topology.route_tables or {}).items():
            for number, route in enumerate(declared.routes if name in tables else ()):
                add = partial(routes.create, table=name, destination=route.destination, peering=route.peering)
                self._apply(("route-tables", name, "routes", number), add)

    def _groups(self) -> None:
        declared = self._topology.security_groups
        made = [
            SecurityGroup(
                name=default_group(region), vpc=region, inbound=default_inbound(region, open_=declared is None)
            )
            for region in self._topology.regions
        ]
        names = {each.name for each in made}
        for name, group in (declared or {}).items():
            if name in names:
                what = f"{name} is the name of the default group, for brokers without security-groups"
                self._report(("security-groups", name), what, "give this group another name")
            elif self._check_region(group.region, ("security-groups", name, "region")):
                out = (EVERYTHING,) if group.outbound is None else ()
                made.append(SecurityGroup(name=name, vpc=group.region, outbound=out))
        self.network = replace(self.network, groups=tuple(made))
        names = {each.name for each in made}
        for name, group in (declared or {}).items():
            if name in names and group.region in self._topology.regions:
                self._rules(name, "inbound", group.inbound)
                self._rules(name, "outbound", group.outbound or ())

    def _rules(self, group: str, way: security_groups.Way, rules: Sequence[InboundRule | OutboundRule]) -> None:
        for number, rule in enumerate(rules):
            add = partial(security_groups.authorize, group=group, rule=rule.rule(), way=way)
            self._apply(("security-groups", group, way, number), add)

    def _interfaces(self) -> None:
        made: dict[str, Interface] = {}
        subnets: dict[str, list[Subnet]] = {region: [] for region in self._topology.regions}
        for subnet in self.network.subnets:
            subnets[subnet.vpc].append(subnet)
        for name, its in addresses(self._topology).items():
            broker = self._topology.brokers[name]
            if broker.region not in self._topology.regions:
                continue  # reported elsewhere
            usual, here = self._groups_of("brokers", name, broker), subnets[broker.region]
            for number, address in enumerate(its, 1):
                instance = name if len(its) == 1 else f"{name}-{number}"
                if address is not None and self._check_subnet("brokers", name, broker.region, address, here):
                    made[instance] = Interface(
                        name=instance,
                        broker=name,
                        vpc=broker.region,
                        address=address,
                        groups=usual,
                        public=broker.public,
                    )
        for name, address in host_addresses(self._topology).items():
            host = self._topology.hosts[name]
            if host.region not in self._topology.regions or name in made:
                continue  # reported elsewhere
            usual, here = self._groups_of("hosts", name, host), subnets[host.region]
            if address is not None and self._check_subnet("hosts", name, host.region, address, here):
                made[name] = Interface(
                    name=name, broker="", vpc=host.region, address=address, groups=usual, public=False
                )
        self.network = replace(self.network, interfaces=tuple(made.values()))

    def _groups_of(self, kind: str, name: str, member: Broker | Host) -> tuple[str, ...]:
        """Return the groups of a broker or a host: those it names, or where they are wrong, the default one."""
        usual = (default_group(member.region),)
        groups, said = member.security_groups or usual, len(self.problems)
        check = partial(_check_groups, vpc=member.region, groups=groups, owner=kind.removesuffix("s"))
        self._apply((kind, name, "security-groups"), check)
        return groups if len(self.problems) == said else usual

    def _check_subnet(self, kind: str, name: str, region: str, address: IPv4Address, subnets: Sequence[Subnet]) -> bool:
        inside = any(address in each.cidr for each in subnets)
        if not inside and address in self._topology.regions[region].vpc:
            its = ", ".join(f"{each.name} {each.cidr}" for each in subnets)
            what = f"{address} is in no subnet of {region}"
            self._report((kind, name, "address"), what, f"write an address inside one of its subnets: {its}")
        return inside


def _request(network: Network, *, name: str, ends: tuple[str, str], age: timedelta) -> Network:
    here, there = ends
    return peerings.request(network, name=name, requester=here, accepter=there, at=BEGINNING - age).network


def _check_groups(network: Network, vpc: str, groups: tuple[str, ...], owner: str) -> Network:
    security_groups.check_groups(network, vpc, groups, owner=owner)
    return network


def default_inbound(region: str, *, open_: bool) -> tuple[Rule, ...]:
    """Return the inbound rules of the default group: its own members, as in AWS, or everything if `open_`."""
    peer = {"cidr": ANYWHERE} if open_ else {"group": default_group(region)}
    return (Rule(protocol=Protocol.ALL, ports=(0, 65535), **peer),)
