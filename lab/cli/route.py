"""route: the routes of a running lab's VPCs, changed by EC2's verbs; packets follow at once."""

from __future__ import annotations

from collections.abc import Sequence

from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.cli.verb_command import command
from lab.declare.steps.create_route import CreateRoute
from lab.declare.steps.delete_route import DeleteRoute
from lab.living.lab import Live
from lab.network.describe import describe_route_table, route_state
from lab.network.vpc import Network
from lab.operating import Done


def list_routes(run: str | None = OF_RUN, json: bool = JSON) -> None:
    """List the route tables with their routes.

    Example: mqlab route list
    """
    network = open_lab.control(run).network
    _print_routes(network, [table.name for table in network.route_tables], json)


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


def _show(live: Live, verb: CreateRoute | DeleteRoute, done: Done, json: bool) -> None:
    _print_routes(live.network, [verb.table], json)


_BLOCK = {"destination": "--destination-cidr-block"}
VERBS = {
    "list": list_routes,
    "create": command(
        CreateRoute,
        _show,
        arguments=["table"],
        spelled=_BLOCK,
        example="mqlab route create tokyo --destination-cidr-block 10.2.0.0/16 --peering tokyo-singapore-2",
    ),
    "delete": command(
        DeleteRoute,
        _show,
        arguments=["table"],
        spelled=_BLOCK,
        example="mqlab route delete tokyo --destination-cidr-block 10.2.0.0/16",
    ),
}
