"""The network of a control plane as a topology declares it: subnets, peerings, route tables, security groups, hosts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Any

from lab.errors import Problem
from lab.network.vpc import ALL_PORTS, EVERYTHING, Network, Peering, PeeringState, Protocol, Rule, SecurityGroup
from lab.plan.network import default_group, default_inbound

_GONE = (PeeringState.DELETED, PeeringState.REJECTED)


class ExportedNetwork:
    """The parts of a network as a topology's model reads them, for brokers that are there or come later."""

    def __init__(self, network: Network, brokers: Collection[str], age: timedelta) -> None:
        self._network, self._brokers, self._age = network, brokers, age
        self._defaults = {default_group(each.name): each.name for each in network.vpcs}
        its = [each.name in self._defaults and _is_open(each, self._defaults[each.name]) for each in network.groups]
        self._open = all(its)
        self._names = {} if self._open else self._new_names()
        self._peerings = {each.name: each for each in network.peerings if each.state not in _GONE}  # the newest of each
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def subnets(self, region: str, vpc: IPv4Network) -> dict[str, Any]:
        """Return the subnets of a region; empty for one subnet that is the whole VPC."""
        found = {each.name: each.cidr for each in self._network.subnets if each.vpc == region}
        return {} if found == {region: vpc} else found

    def hosts(self) -> dict[str, Any]:
        """Return the places of applications."""
        return {
            each.name: {
                "region": each.vpc,
                "address": each.address,
                "security-groups": self.members(each.groups, each.vpc),
            }
            for each in self._network.hosts
        }

    def peerings(self) -> dict[str, Any]:
        """Return the peerings that are not over."""
        return {name: self._peering(each) for name, each in self._peerings.items()}

    def _peering(self, peering: Peering) -> dict[str, Any]:
        active = peering.state is PeeringState.ACTIVE
        age = -peering.requested if active else self._age - peering.requested
        if self._age and not active:
            age -= age % timedelta(seconds=1)
        return {
            "requester": peering.requester,
            "accepter": peering.accepter,
            "state": "active" if active else "pending-acceptance",
            "age": max(age, timedelta(0)),
        }

    def route_tables(self) -> dict[str, Any]:
        """Return the route tables; a route to a peering that is over is a problem."""
        found: dict[str, Any] = {}
        mains = {vpc.name: self._main_table(vpc.name) for vpc in self._network.vpcs}
        for table in self._network.route_tables:
            its = [each.name for each in self._network.subnets if each.route_table == table.name]
            subnets = () if table.name == mains[table.vpc] else its
            routes = []
            for route in table.routes:
                peering = self._network.peering(route.peering)
                if self._peerings.get(peering.name) != peering:
                    what = f"the route {route.destination} of the table {table.name} leads to {peering.name}"
                    remedy = f"delete it: mqlab route delete {table.name} --destination-cidr-block {route.destination}"
                    problem = f"{what}, which is {peering.state}: a topology cannot declare such a route"
                    self.problems.append(Problem(what=problem, remedy=remedy))
                routes.append({"destination": route.destination, "peering": peering.name})
            found[table.name] = {"region": table.vpc, "subnets": subnets, "routes": routes}
        return found

    def _main_table(self, vpc: str) -> str:
        """Return the table of the subnets that no table lists: one without subnets, or else the first."""
        tables = [each.name for each in self._network.route_tables if each.vpc == vpc]
        used = {each.route_table for each in self._network.subnets}
        return next((each for each in tables if each not in used), vpc if vpc in tables else tables[0])

    def security_groups(self) -> dict[str, Any] | None:
        """Return the groups that are declared; None if all are as where a topology declares none."""
        if self._open:
            return None
        return {self._names[each.name]: self._group(each) for each in self._network.groups if each.name in self._names}

    def members(self, groups: Sequence[str], region: str) -> tuple[str, ...]:
        """Return the groups of a broker or a host as they are declared; none for the default group."""
        named = tuple(self._names.get(each, each) for each in groups)
        return () if named == (default_group(region),) else named

    def _new_names(self) -> dict[str, str]:
        """Return the name of each group that is declared; a default group with other rules gets another name."""
        names = {each.name: each.name for each in self._network.groups if each.name not in self._defaults}
        for each in self._network.groups:
            region = self._defaults.get(each.name)
            if region is None or _is_default(each, region):
                continue
            number, name = 1, f"sg-{region}"
            while name in names.values() or name in self._defaults:
                number += 1
                name = f"sg-{region}-{number}"
            names[each.name] = name
        return names

    def _group(self, group: SecurityGroup) -> dict[str, Any]:
        if group.name in self._defaults and not _is_open(group, self._defaults[group.name]):
            name = self._names[group.name]
            text = f"the default group {group.name} has changed rules; its name in the topology is {name}"
            self.notes.append(text)
        content: dict[str, Any] = {"region": group.vpc, "inbound": [self._rule(each, "from") for each in group.inbound]}
        if group.outbound != (EVERYTHING,):
            content["outbound"] = [self._rule(each, "to") for each in group.outbound]
        return content

    def _rule(self, rule: Rule, way: str) -> dict[str, Any]:
        content: dict[str, Any] = {"protocol": rule.protocol}
        if rule.protocol in (Protocol.TCP, Protocol.UDP) and rule.ports != ALL_PORTS:
            content["port"] = rule.ports
        peer = {way: rule.cidr} if rule.cidr is not None else {f"{way}-group": self._names.get(rule.group, rule.group)}
        return {**content, **peer}


def _is_default(group: SecurityGroup, region: str) -> bool:
    """Return whether a group is the default group of a topology that declares groups."""
    return group.inbound == default_inbound(region, open_=False) and group.outbound == (EVERYTHING,)


def _is_open(group: SecurityGroup, region: str) -> bool:
    """Return whether a group is the default group of a topology that declares no groups."""
    return group.inbound == default_inbound(region, open_=True) and group.outbound == (EVERYTHING,)
