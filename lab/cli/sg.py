"""sg: the security groups of a running lab, changed by EC2's verbs; packets follow at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.declare.steps.authorize_ingress import AuthorizeIngress
from lab.declare.steps.revoke_ingress import RevokeIngress
from lab.living import verb_arguments
from lab.network.describe import describe_security_group
from lab.network.vpc import Network, SecurityGroup

SECURITY_GROUP = Annotated[str, typer.Argument(metavar="GROUP", help="The security group's name.")]
CIDR = Annotated[str | None, typer.Option(metavar="CIDR", help="From these addresses: 10.1.0.10/32.")]
SOURCE_GROUP = Annotated[str | None, typer.Option(metavar="NAME", help="Or from the members of this group.")]
PORT = Annotated[str | None, typer.Option(metavar="PORT", help="61617, 61614-61619, or all, when left out.")]
PROTOCOL = Annotated[str, typer.Option(metavar="NAME", help="tcp, udp, icmp or all.")]


def list_groups(run: OF_RUN = None, json: JSON = False) -> None:
    """List the security groups with what they let in and out, and the brokers that have them."""
    network = open_lab.control(run).present
    _print_groups(network, network.groups, json)


def describe_group(group: SECURITY_GROUP, run: OF_RUN = None, json: JSON = False) -> None:
    """Show one security group."""
    network = open_lab.control(run).present
    _print_groups(network, [network.group(group)], json)


def _on_rule(kind: type[AuthorizeIngress | RevokeIngress], does: str) -> Callable[..., None]:
    """Return the command of a verb on a rule of a group."""

    def command(
        group: SECURITY_GROUP,
        cidr: CIDR = None,
        source_group: SOURCE_GROUP = None,
        port: PORT = None,
        protocol: PROTOCOL = "tcp",
        run: OF_RUN = None,
        json: JSON = False,
    ) -> None:
        said = {"cidr": cidr, "source_group": source_group, "port": port, "protocol": protocol}
        verb = verb_arguments.ingress(kind, group, "--", **said)
        with open_lab.doing(verb, run) as live:
            _print_groups(live.network, [live.network.group(group)], json)

    command.__doc__ = does
    return command


def brokers_in(network: Network, group: SecurityGroup) -> str:
    """Return in words the brokers and hosts that have a group."""
    brokers = dict.fromkeys(each.owner for each in network.interfaces if group.name in each.groups)
    return f", of {', '.join(brokers) or 'nobody'}"


def _print_groups(network: Network, groups: Sequence[SecurityGroup], json: bool) -> None:
    lines: list[str] = []
    for each in groups:
        lines.append(f"{each.name}{brokers_in(network, each)}")
        lines += [f"  in   {rule}" for rule in each.inbound]
        lines += [f"  out  {rule}" for rule in each.outbound]
    options.show([describe_security_group(each) for each in groups], lines, json)


VERBS = {
    "list": list_groups,
    "describe": describe_group,
    "authorize": _on_rule(AuthorizeIngress, "Let something in; it holds at once."),
    "revoke": _on_rule(RevokeIngress, "Let something in no more; connections that are open go on."),
}
