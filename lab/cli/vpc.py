"""peering, route, sg: the network of a running lab's VPCs, changed by EC2's verbs; packets follow at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.cli.verb_command import command, field_argument
from lab.declare.steps.network import (
    AcceptPeering,
    AuthorizeIngress,
    CreatePeering,
    CreateRoute,
    DeletePeering,
    DeleteRoute,
    RejectPeering,
    RevokeIngress,
)
from lab.living import verb_arguments
from lab.living.lab import Live
from lab.network.describe import describe_peering, describe_route_table, describe_security_group, route_state
from lab.network.vpc import Network, Peering, SecurityGroup
from lab.operating import Done

_OnPeering = CreatePeering | AcceptPeering | RejectPeering | DeletePeering


def list_peerings(run: str | None = OF_RUN, json: bool = JSON) -> None:
    """List the peerings with their states, including ended peerings.

    Example: mqlab peering list
    """
    network = open_lab.control(run).network
    options.show(
        [describe_peering(network, each) for each in network.peerings], map(peering_line, network.peerings), json
    )


def peering_line(peering: Peering) -> str:
    """Return a peering as a line of text."""
    return f"{peering.name} ({peering.id}): {peering.requester} → {peering.accepter}, {peering.state}"


def _show_peering(live: Live, verb: _OnPeering, done: Done, json: bool) -> None:
    peering = live.network.peering(verb.name if isinstance(verb, CreatePeering) else verb.peering)
    options.show(describe_peering(live.network, peering), [peering_line(peering)], json)


_on_peering = partial(command, show=_show_peering, arguments=["peering"])
peering = {
    "list": list_peerings,
    "create": command(
        CreatePeering,
        _show_peering,
        arguments=["name"],
        example="mqlab peering create tokyo-singapore-2 --requester tokyo --accepter singapore",
    ),
    "accept": _on_peering(AcceptPeering, example="mqlab peering accept tokyo-singapore-2"),
    "reject": _on_peering(RejectPeering, example="mqlab peering reject tokyo-singapore-2"),
    "delete": _on_peering(DeletePeering, example="mqlab peering delete tokyo-singapore"),
}


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
            peering = network.peering(route.peering)
            lines.append(f"  {route.destination} over {peering.name}, {route_state(network, route.peering)}")
    options.show([describe_route_table(network, name) for name in tables], lines, json)


def _show_routes(live: Live, verb: CreateRoute | DeleteRoute, done: Done, json: bool) -> None:
    _print_routes(live.network, [verb.table], json)


_BLOCK = {"destination": "--destination-cidr-block"}
_on_route = partial(command, show=_show_routes, arguments=["table"], spelled=_BLOCK)
route = {
    "list": list_routes,
    "create": _on_route(
        CreateRoute,
        example="mqlab route create tokyo --destination-cidr-block 10.2.0.0/16 --peering tokyo-singapore-2",
    ),
    "delete": _on_route(DeleteRoute, example="mqlab route delete tokyo --destination-cidr-block 10.2.0.0/16"),
}


_Rule = TypeVar("_Rule", AuthorizeIngress, RevokeIngress)


def list_groups(run: str | None = OF_RUN, json: bool = JSON) -> None:
    """List the security groups with their rules, and the brokers and hosts that have them.

    Example: mqlab sg list
    """
    network = open_lab.control(run).present
    _print_groups(network, network.groups, json)


def describe_group(
    group: str = field_argument(AuthorizeIngress, "group"), run: str | None = OF_RUN, json: bool = JSON
) -> None:
    """Show one security group.

    Example: mqlab sg describe default-tokyo
    """
    network = open_lab.control(run).present
    _print_groups(network, [network.group(group)], json)


_SOURCES = {"source": "--cidr", "from_group": "--source-group"}


def _on_rule(kind: type[_Rule], example: str) -> Callable[..., int | None]:
    """Return the command of a verb on a rule of a group."""

    def make(group: str, source: str | None, from_group: str | None, **rule: str | None) -> _Rule:
        return verb_arguments.ingress(kind, group, "--", cidr=source, source_group=from_group, **rule)

    left_out = ["description"]
    return command(
        kind, _show_group, arguments=["group"], spelled=_SOURCES, without=left_out, make=make, example=example
    )


def _show_group(live: Live, verb: AuthorizeIngress | RevokeIngress, done: Done, json: bool) -> None:
    _print_groups(live.network, [live.network.group(verb.group)], json)


def brokers_in(network: Network, group: SecurityGroup) -> str:
    """Return in words the brokers and hosts that have a group."""
    brokers = dict.fromkeys(each.owner for each in network.interfaces if group.name in each.groups)
    return f", of {', '.join(brokers) or 'no broker'}"


def _print_groups(network: Network, groups: Sequence[SecurityGroup], json: bool) -> None:
    lines: list[str] = []
    for each in groups:
        lines.append(f"{each.name}{brokers_in(network, each)}")
        lines += [f"  in   {rule}" for rule in each.inbound]
        lines += [f"  out  {rule}" for rule in each.outbound]
    options.show([describe_security_group(each) for each in groups], lines, json)


sg = {
    "list": list_groups,
    "describe": describe_group,
    "authorize": _on_rule(AuthorizeIngress, "mqlab sg authorize default-singapore --port 61617 --cidr 10.1.0.10/32"),
    "revoke": _on_rule(RevokeIngress, "mqlab sg revoke default-singapore --port 61617 --cidr 10.1.0.10/32"),
}
