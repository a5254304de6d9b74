"""route: the routes of a running lab's VPCs, changed by EC2's verbs; packets follow at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.declare.steps.create_route import CreateRoute
from lab.declare.steps.delete_route import DeleteRoute
from lab.living import verb_arguments
from lab.network.describe import describe_route_table, route_state
from lab.network.vpc import Network

TABLE = Annotated[
    str, typer.Argument(metavar="TABLE", help="The route table's name; a VPC's main one is its region's.")
]
DESTINATION = Annotated[
    str, typer.Option("--destination-cidr-block", metavar="CIDR", help="Where packets go to: 10.2.0.0/16.")
]
_BLOCK = {"destination": "destination-cidr-block"}


def list_routes(run: OF_RUN = None, json: JSON = False) -> None:
    """List the route tables with their routes."""
    network = open_lab.control(run).network
    _print_routes(network, [table.name for table in network.route_tables], json)


def create_route(
    table: TABLE,
    destination: DESTINATION,
    peering: Annotated[str, typer.Option(metavar="PEERING", help="The peering they take.")],
    run: OF_RUN = None,
    json: JSON = False,
) -> None:
    """Send what is for some addresses over a peering."""
    verb = verb_arguments.read(CreateRoute, "--", _BLOCK, table=table, destination=destination, peering=peering)
    with open_lab.doing(verb, run) as live:
        _print_routes(live.network, [table], json)


def delete_route(table: TABLE, destination: DESTINATION, run: OF_RUN = None, json: JSON = False) -> None:
    """Take a route away: nothing gets there any more, not even on a connection that is open."""
    verb = verb_arguments.read(DeleteRoute, "--", _BLOCK, table=table, destination=destination)
    with open_lab.doing(verb, run) as live:
        _print_routes(live.network, [table], json)


def _print_routes(network: Network, tables: Sequence[str], json: bool) -> None:
    lines: list[str] = []
    for name in tables:
        table = network.route_table(name)
        lines.append(f"{name}, of {table.vpc}")
        lines += [f"  {cidr} local, active" for cidr in network.vpc(table.vpc).cidrs]
        for route in table.routes:
            its = network.peering(route.peering)
            lines.append(f"  {route.destination} over {its.name}, {route_state(network, route.peering)}")
    options.show([describe_route_table(network, name) for name in tables], lines, json)


VERBS = {
    "list": list_routes,
    "create": create_route,
    "delete": delete_route,
}
