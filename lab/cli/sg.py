"""sg: the security groups of a running lab, changed by EC2's verbs; packets follow at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.cli.verb_command import command, field_argument
from lab.declare.steps.authorize_ingress import AuthorizeIngress
from lab.declare.steps.revoke_ingress import RevokeIngress
from lab.living import verb_arguments
from lab.living.lab import Live
from lab.network.describe import describe_security_group
from lab.network.vpc import Network, SecurityGroup
from lab.operating import Done

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


def _on_rule(kind: type[_Rule], example: str) -> Callable[..., int | None]:
    """Return the command of a verb on a rule of a group."""

    def make(group: str, source: str | None, from_group: str | None, **rule: str | None) -> _Rule:
        return verb_arguments.ingress(kind, group, "--", cidr=source, source_group=from_group, **rule)

    spelled = {"source": "--cidr", "from_group": "--source-group"}
    left_out = ["description"]
    return command(kind, _show, arguments=["group"], spelled=spelled, without=left_out, make=make, example=example)


def _show(live: Live, verb: AuthorizeIngress | RevokeIngress, done: Done, json: bool) -> None:
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


VERBS = {
    "list": list_groups,
    "describe": describe_group,
    "authorize": _on_rule(AuthorizeIngress, "mqlab sg authorize default-singapore --port 61617 --cidr 10.1.0.10/32"),
    "revoke": _on_rule(RevokeIngress, "mqlab sg revoke default-singapore --port 61617 --cidr 10.1.0.10/32"),
}
