"""Routes: to a peering, which the lab's network follows, or to an internet gateway, which is a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Network

from lab.declare.steps.network import CreateRoute, DeleteRoute
from lab.extras.api.call import Call
from lab.extras.api.ec2.ec2_records import Ec2Records, added, removed
from lab.extras.api.ec2.handling import Answer, Request, block, change, required, takes
from lab.extras.api.ec2.lookups import peering_in, table_in
from lab.extras.api.handler import Handler
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network import routes
from lab.network.quotas import ROUTES_PER_TABLE
from lab.network.refusals import refused
from lab.network.vpc import Network, RouteTable

_TARGETS = ("GatewayId", "VpcPeeringConnectionId")


@takes("DestinationCidrBlock", "RouteTableId", *_TARGETS)
def create_route(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Add a route to a table; a peering need not be active, and the route is a blackhole then."""
    table, destination = _table_and_destination(account, call, request)
    member, target = _target(request)
    _check_free(account, table, destination)
    if member == "VpcPeeringConnectionId":
        peering = peering_in(account, call, target).id
        account.do(CreateRoute(table=table.name, destination=destination, peering=peering))
    else:
        _check_gateway(account, call, table, target)
        own, reached = _gateway_routes(account, table), str(destination)
        change(account, lambda network, ec2: (network, _with_gateways(ec2, table, added(own, reached, target))))
    return {"Return": True}


@takes("DestinationCidrBlock", "RouteTableId", *_TARGETS)
def replace_route(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Replace the target of a route."""
    table, destination = _table_and_destination(account, call, request)
    member, target = _target(request)
    own, reached = _gateway_routes(account, table), str(destination)
    if reached not in own and not any(each.destination == destination for each in table.routes):
        raise _missing(table, destination)
    if member == "VpcPeeringConnectionId":
        peering = peering_in(account, call, target).id
    else:
        _check_gateway(account, call, table, target)

    def replaced(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        if reached not in own:
            network = routes.delete(network, table=table.name, destination=destination)
        if member != "VpcPeeringConnectionId":
            return network, _with_gateways(ec2, table, added(own, reached, target))
        network = routes.create(network, table=table.name, destination=destination, peering=peering)
        return network, _with_gateways(ec2, table, removed(own, reached))

    change(account, replaced)
    return {}


@takes("DestinationCidrBlock", "RouteTableId")
def delete_route(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Delete a route of a table."""
    table, destination = _table_and_destination(account, call, request)
    own, reached = _gateway_routes(account, table), str(destination)
    if reached in own:
        change(account, lambda network, ec2: (network, _with_gateways(ec2, table, removed(own, reached))))
    elif destination in account.control.network.vpc(table.vpc).cidrs:
        raise ApiRefused(
            "InvalidParameterValue", f"cannot remove local route {destination} in route table {table.name}"
        )
    else:
        account.do(DeleteRoute(table=table.name, destination=destination))
    return {}


def _table_and_destination(account: ServedAccount, call: Call, request: Request) -> tuple[RouteTable, IPv4Network]:
    table = table_in(account, call, required(request, "RouteTableId"))
    return table, block(required(request, "DestinationCidrBlock"), "destinationCidrBlock")


def _target(request: Request) -> tuple[str, str]:
    """Return the only target of a request, with its member."""
    targets = [(each, request[each]) for each in _TARGETS if request.get(each)]
    if not targets:
        raise ApiRefused(
            "MissingParameter", "The request must contain exactly one of gatewayId, vpcPeeringConnectionId"
        )
    if len(targets) > 1:
        raise ApiRefused(
            "InvalidParameterCombination", "The request must contain exactly one of gatewayId, vpcPeeringConnectionId"
        )
    return targets[0]


def _check_free(account: ServedAccount, table: RouteTable, destination: IPv4Network) -> None:
    """Refuse a second route of one destination, and one route too many."""
    own, blocks = _gateway_routes(account, table), account.control.network.vpc(table.vpc).cidrs
    if str(destination) in own or destination in (*blocks, *(each.destination for each in table.routes)):
        raise refused(
            "RouteAlreadyExists",
            f"The route identified by {destination} already exists.",
            f"replace or delete the existing route in the route table {table.name} first",
        )
    if len(own) + len(table.routes) >= ROUTES_PER_TABLE:
        raise refused(
            "RouteLimitExceeded",
            f"the route table {table.name} has {ROUTES_PER_TABLE} routes",
            "delete a route first",
        )


def _check_gateway(account: ServedAccount, call: Call, table: RouteTable, gateway: str) -> None:
    if gateway == "local":
        raise ApiRefused("InvalidParameterValue", "Leave the local route out: each VPC has it already.")
    facts = account.records.ec2.gateways.get(gateway)
    if facts is None or facts.region != call.region:
        raise ApiRefused("InvalidGatewayID.NotFound", f"The gateway ID '{gateway}' does not exist")
    if facts.vpc != table.vpc:
        raise ApiRefused(
            "InvalidParameterValue",
            f"route table {table.name} and network gateway {gateway} belong to different networks",
        )


def _gateway_routes(account: ServedAccount, table: RouteTable) -> Mapping[str, str]:
    return account.records.ec2.gateway_routes.get(table.name, {})


def _with_gateways(ec2: Ec2Records, table: RouteTable, own: Mapping[str, str]) -> Ec2Records:
    return replace(ec2, gateway_routes=added(ec2.gateway_routes, table.name, own))


def _missing(table: RouteTable, destination: IPv4Network) -> ApiRefused:
    return ApiRefused(
        "InvalidRoute.NotFound", f"no route with destination-cidr-block {destination} in route table {table.name}"
    )


OPERATIONS: Mapping[str, Handler] = {
    "CreateRoute": create_route,
    "ReplaceRoute": replace_route,
    "DeleteRoute": delete_route,
}
