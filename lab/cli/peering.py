"""peering: the peerings between a running lab's VPCs, changed by EC2's verbs."""

from __future__ import annotations

from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.cli.verb_command import command
from lab.declare.steps.accept_peering import AcceptPeering
from lab.declare.steps.create_peering import CreatePeering
from lab.declare.steps.delete_peering import DeletePeering
from lab.declare.steps.reject_peering import RejectPeering
from lab.living.lab import Live
from lab.network.describe import describe_peering
from lab.network.vpc import Peering
from lab.operating import Done

_OnPeering = CreatePeering | AcceptPeering | RejectPeering | DeletePeering


def list_peerings(run: str | None = OF_RUN, json: bool = JSON) -> None:
    """List the peerings with their states, including ended peerings.

    Example: mqlab peering list
    """
    network = open_lab.control(run).network
    options.show([describe_peering(network, each) for each in network.peerings], map(line, network.peerings), json)


def line(peering: Peering) -> str:
    """Return a peering as a line of text."""
    return f"{peering.name} ({peering.id}): {peering.requester} → {peering.accepter}, {peering.state}"


def _show(live: Live, verb: _OnPeering, done: Done, json: bool) -> None:
    peering = live.network.peering(verb.name if isinstance(verb, CreatePeering) else verb.peering)
    options.show(describe_peering(live.network, peering), [line(peering)], json)


VERBS = {
    "list": list_peerings,
    "create": command(
        CreatePeering,
        _show,
        arguments=["name"],
        example="mqlab peering create tokyo-singapore-2 --requester tokyo --accepter singapore",
    ),
    "accept": command(AcceptPeering, _show, arguments=["peering"], example="mqlab peering accept tokyo-singapore-2"),
    "reject": command(RejectPeering, _show, arguments=["peering"], example="mqlab peering reject tokyo-singapore-2"),
    "delete": command(DeletePeering, _show, arguments=["peering"], example="mqlab peering delete tokyo-singapore"),
}
