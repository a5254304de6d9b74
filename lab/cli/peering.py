"""peering: the peerings between a running lab's VPCs, changed by EC2's verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.declare.steps.accept_peering import AcceptPeering
from lab.declare.steps.base import Step
from lab.declare.steps.create_peering import CreatePeering
from lab.declare.steps.delete_peering import DeletePeering
from lab.declare.steps.reject_peering import RejectPeering
from lab.living import verb_arguments
from lab.network.describe import describe_peering
from lab.network.vpc import Network, Peering

PEERING = Annotated[str, typer.Argument(metavar="PEERING", help="Its name, or its id.")]


def list_peerings(run: OF_RUN = None, json: JSON = False) -> None:
    """List the peerings with their states; one that has ended stays."""
    network = open_lab.control(run).network
    options.show([describe_peering(network, each) for each in network.peerings], map(line, network.peerings), json)


def create_peering(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new peering's name.")],
    requester: Annotated[str, typer.Option(metavar="REGION", help="Whose VPC asks.")],
    accepter: Annotated[str, typer.Option(metavar="REGION", help="Whose VPC is asked.")],
    run: OF_RUN = None,
    json: JSON = False,
) -> None:
    """Ask a VPC to peer: nothing passes before it accepts, and each side has a route."""
    verb = verb_arguments.read(CreatePeering, "--", name=name, requester=requester, accepter=accepter)
    with open_lab.doing(verb, run) as live:
        _print_peering(live.network, name, json)


def _on_peering(kind: type[Step], does: str) -> Callable[..., None]:
    """Return the command of a verb on an existing peering."""

    def command(peering: PEERING, run: OF_RUN = None, json: JSON = False) -> None:
        verb = verb_arguments.read(kind, peering=peering)
        with open_lab.doing(verb, run) as live:
            _print_peering(live.network, peering, json)

    command.__doc__ = does
    return command


def line(peering: Peering) -> str:
    """Return a peering as a line of text."""
    return f"{peering.name} ({peering.id}): {peering.requester} → {peering.accepter}, {peering.state}"


def _print_peering(network: Network, peering: str, json: bool) -> None:
    its = network.peering(peering)
    options.show(describe_peering(network, its), [line(its)], json)


VERBS = {
    "list": list_peerings,
    "create": create_peering,
    "accept": _on_peering(AcceptPeering, "Accept a request that is pending."),
    "reject": _on_peering(RejectPeering, "Reject a request that is pending."),
    "delete": _on_peering(DeletePeering, "Delete a peering: its routes stay, and lead nowhere."),
}
