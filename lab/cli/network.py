"""peering, route, sg: the VPCs of a running lab, changed by EC2's verbs; packets follow at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON, ending
from lab.declare.steps.accept_peering import AcceptPeering
from lab.declare.steps.authorize_ingress import AuthorizeIngress
from lab.declare.steps.base import Step
from lab.declare.steps.create_peering import CreatePeering
from lab.declare.steps.create_route import CreateRoute
from lab.declare.steps.delete_peering import DeletePeering
from lab.declare.steps.delete_route import DeleteRoute
from lab.declare.steps.reject_peering import RejectPeering
from lab.declare.steps.revoke_ingress import RevokeIngress
from lab.living import words
from lab.network.describe import describe_peering, describe_route_table, describe_security_group, route_state
from lab.network.vpc import Network, Peering, SecurityGroup

PEERING = Annotated[str, typer.Argument(metavar="PEERING", help="Its name, or its id.")]
TABLE = Annotated[
    str, typer.Argument(metavar="TABLE", help="The route table's name; a VPC's main one is its region's.")
]
DESTINATION = Annotated[
    str, typer.Option("--destination-cidr-block", metavar="CIDR", help="Where packets go to: 10.2.0.0/16.")
]
SECURITY_GROUP = Annotated[str, typer.Argument(metavar="GROUP", help="The security group's name.")]
CIDR = Annotated[str | None, typer.Option(metavar="CIDR", help="From these addresses: 10.1.0.10/32.")]
SOURCE_GROUP = Annotated[str | None, typer.Option(metavar="NAME", help="Or from the members of this group.")]
PORT = Annotated[str | None, typer.Option(metavar="PORT", help="61617, 61614-61619, or all, when left out.")]
PROTOCOL = Annotated[str, typer.Option(metavar="NAME", help="tcp, udp, icmp or all.")]
_BLOCK = {"destination": "destination-cidr-block"}

_ON_PEERINGS: tuple[tuple[str, type[Step], str], ...] = (
    ("accept", AcceptPeering, "Accept a request that is pending."),
    ("reject", RejectPeering, "Reject a request that is pending."),
    ("delete", DeletePeering, "Delete a peering: its routes stay, and lead nowhere."),
)
_ON_RULES: tuple[tuple[str, type[AuthorizeIngress | RevokeIngress], str], ...] = (
    ("authorize", AuthorizeIngress, "Let something in; it holds at once."),
    ("revoke", RevokeIngress, "Let something in no more; connections that are open go on."),
)


def add_to(app: typer.Typer) -> None:
    """Add these commands with their verbs."""
    peering = typer.Typer(help="The peerings between a running lab's VPCs.", no_args_is_help=True)
    peering.command(name="list")(ending(list_peerings))
    peering.command(name="create")(ending(create_peering))
    for name, kind, does in _ON_PEERINGS:
        peering.command(name=name, help=does)(ending(_on_peering(kind)))
    app.add_typer(peering, name="peering")
    route = typer.Typer(help="The routes of a running lab's VPCs.", no_args_is_help=True)
    route.command(name="list")(ending(list_routes))
    route.command(name="create")(ending(create_route))
    route.command(name="delete")(ending(delete_route))
    app.add_typer(route, name="route")
    sg = typer.Typer(help="The security groups of a running lab.", no_args_is_help=True)
    sg.command(name="list")(ending(list_groups))
    sg.command(name="describe")(ending(describe_group))
    for name, rule, does in _ON_RULES:
        sg.command(name=name, help=does)(ending(_on_rule(rule)))
    app.add_typer(sg, name="sg")


def list_peerings(run: OF_RUN = None, json: JSON = False) -> None:
    """List the peerings with their states; one that has ended stays."""
    network = open_lab.control(run).network
    options.show([describe_peering(network, each) for each in network.peerings], map(_peering, network.peerings), json)


def create_peering(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new peering's name.")],
    requester: Annotated[str, typer.Option(metavar="REGION", help="Whose VPC asks.")],
    accepter: Annotated[str, typer.Option(metavar="REGION", help="Whose VPC is asked.")],
    run: OF_RUN = None,
    json: JSON = False,
) -> None:
    """Ask a VPC to peer: nothing passes before it accepts, and each side has a route."""
    verb = words.read(CreatePeering, "--", name=name, requester=requester, accepter=accepter)
    with open_lab.doing(verb, run) as live:
        _print_peering(live.network, name, json)


def _on_peering(kind: type[Step]) -> Callable[..., int]:
    """Return the command of a verb on an existing peering."""

    def command(peering: PEERING, run: OF_RUN = None, json: JSON = False) -> int:
        verb = words.read(kind, peering=peering)
        with open_lab.doing(verb, run) as live:
            _print_peering(live.network, peering, json)
        return 0

    return command


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
    verb = words.read(CreateRoute, "--", _BLOCK, table=table, destination=destination, peering=peering)
    with open_lab.doing(verb, run) as live:
        _print_routes(live.network, [table], json)


def delete_route(table: TABLE, destination: DESTINATION, run: OF_RUN = None, json: JSON = False) -> None:
    """Take a route away: nothing gets there any more, not even on a connection that is open."""
    verb = words.read(DeleteRoute, "--", _BLOCK, table=table, destination=destination)
    with open_lab.doing(verb, run) as live:
        _print_routes(live.network, [table], json)


def list_groups(run: OF_RUN = None, json: JSON = False) -> None:
    """List the security groups with what they let in and out, and the brokers that have them."""
    network = open_lab.control(run).present
    _print_groups(network, network.groups, json)


def describe_group(group: SECURITY_GROUP, run: OF_RUN = None, json: JSON = False) -> None:
    """Show one security group."""
    network = open_lab.control(run).present
    _print_groups(network, [network.group(group)], json)


def _on_rule(kind: type[AuthorizeIngress | RevokeIngress]) -> Callable[..., int]:
    """Return the command of a verb on a rule of a group."""

    def command(
        group: SECURITY_GROUP,
        cidr: CIDR = None,
        source_group: SOURCE_GROUP = None,
        port: PORT = None,
        protocol: PROTOCOL = "tcp",
        run: OF_RUN = None,
        json: JSON = False,
    ) -> int:
        said = {"cidr": cidr, "source_group": source_group, "port": port, "protocol": protocol}
        verb = words.ingress(kind, group, "--", **said)
        with open_lab.doing(verb, run) as live:
            _print_groups(live.network, [live.network.group(group)], json)
        return 0

    return command


def lines(network: Network) -> list[str]:
    """Return the peerings, the blackholes and each group's inbound rules as lines of text."""
    blackholes = [f"  {table.name}: {route.destination} is a blackhole" for table, route, _ in network.blackholes()]
    groups = [
        f"  {each.name} lets in {'; '.join(map(str, each.inbound)) or 'nothing'}{_having(network, each)}"
        for each in network.groups
        if any(each.name in its.groups for its in network.interfaces)
    ]
    return [*(f"  {_peering(each)}" for each in network.peerings), *blackholes, *groups]


def _peering(peering: Peering) -> str:
    return f"{peering.name} ({peering.id}): {peering.requester} → {peering.accepter}, {peering.state}"


def _having(network: Network, group: SecurityGroup) -> str:
    brokers = dict.fromkeys(each.broker for each in network.interfaces if group.name in each.groups)
    return f", of {', '.join(brokers) or 'nobody'}"


def _print_peering(network: Network, peering: str, json: bool) -> None:
    its = network.peering(peering)
    options.show(describe_peering(network, its), [_peering(its)], json)


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


def _print_groups(network: Network, groups: Sequence[SecurityGroup], json: bool) -> None:
    lines: list[str] = []
    for each in groups:
        lines.append(f"{each.name}{_having(network, each)}")
        lines += [f"  in   {rule}" for rule in each.inbound]
        lines += [f"  out  {rule}" for rule in each.outbound]
    options.show([describe_security_group(each) for each in groups], lines, json)
