"""The verbs of a route table, as functions Network → Network; each raises AWS's refusal."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

from lab.network.quotas import ROUTES_PER_TABLE
from lab.network.refusals import refused
from lab.network.vpc import Network, Route


def create(network: Network, *, table: str, destination: IPv4Network, peering: str) -> Network:
    """Return the Network with a route added; a route to a peering that is not active is accepted, as a blackhole."""
    into, leads = network.route_table(table), network.peering(peering)
    vpc = network.vpc(into.vpc)
    if into.vpc not in leads.vpcs:
        raise refused(
            "InvalidParameterValue",
            f"route table {table} and peering {leads.name} ({leads.id}) belong to different "
            f"networks: the table is {into.vpc}'s, the peering joins {leads.requester} and {leads.accepter}",
            f"add the route to a route table of {leads.requester} or {leads.accepter}",
        )
    if any(destination.subnet_of(cidr) for cidr in vpc.cidrs):
        raise refused(
            "InvalidParameterValue",
            f"The destination CIDR block {destination} is equal to or more specific than one of "
            "this VPC's CIDR blocks. This route can target only an interface or an instance.",
            f"addresses of {into.vpc} itself are local: write a block of {leads.other(into.vpc)}, such as "
            f"{network.vpc(leads.other(into.vpc)).cidrs[0]}",
        )
    if any(route.destination == destination for route in into.routes):
        raise refused(
            "RouteAlreadyExists",
            f"The route identified by {destination} already exists.",
            f"delete the existing route from the route table {table} first",
        )
    if len(into.routes) >= ROUTES_PER_TABLE:
        raise refused(
            "RouteLimitExceeded", f"the route table {table} has {ROUTES_PER_TABLE} routes", "delete a route first"
        )
    added = (*into.routes, Route(destination=destination, peering=leads.id))
    return network.with_route_table(replace(into, routes=added))


def delete(network: Network, *, table: str, destination: IPv4Network) -> Network:
    """Return the Network without a route."""
    of = network.route_table(table)
    left = tuple(route for route in of.routes if route.destination != destination)
    if len(left) == len(of.routes):
        its = ", ".join(str(route.destination) for route in of.routes) or "none"
        raise refused(
            "InvalidRoute.NotFound",
            f"no route with destination-cidr-block {destination} in route table {table}",
            f"its routes, beside the local one: {its}",
        )
    return network.with_route_table(replace(of, routes=left))
