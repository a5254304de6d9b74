"""The verbs of a VPC peering, as functions Network → Network; each raises AWS's refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lab.base.dataclass import dataclass
from lab.errors import InputError
from lab.network import ids
from lab.network.quotas import PEERINGS_PER_VPC, PENDING_PEERINGS_PER_VPC
from lab.network.refusals import refused
from lab.network.vpc import Network, Peering, PeeringState

_WRONG_STATE = (
    "InvalidStateTransition",
    "The specified VPC peering connection is not in the correct state for the request: ",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """The result of a request: the Network, and the new peering, pending or failed."""

    network: Network
    peering: Peering


def request(network: Network, *, name: str, requester: str, accepter: str, at: timedelta) -> Requested:
    """Request a peering of two VPCs; if they overlap, the peering fails at once, as in AWS. `at` is the lab's clock."""
    network = network.at(at)
    asking, asked = network.vpc(requester), network.vpc(accepter)
    if asking == asked:
        raise refused(
            "InvalidParameterValue", f"The VPC {requester} cannot peer with itself", "name two VPCs, by their regions"
        )
    pair = frozenset((requester, accepter))
    for other in network.peerings:
        if other.alive and other.vpcs == pair:
            raise refused(
                "VpcPeeringConnectionAlreadyExists",
                f"{requester} and {accepter} have a peering, {other.name} ({other.id}, {other.state})",
                "use the existing peering, or delete it first: two VPCs have at most one",
            )
        if other.alive and other.name == name:
            raise InputError.of(
                f"the peering {name} joins {other.requester} and {other.accepter}", "choose another name"
            )
    if pair not in network.linked:
        raise InputError.of(
            f"no link joins {requester} and {accepter}, so no packet could use the peering",
            f"add to the topology's list links: - {{between: [{requester}, {accepter}], link: aws}}",
        )
    outstanding = sum(each.requester == requester and each.state is PeeringState.PENDING for each in network.peerings)
    if outstanding >= PENDING_PEERINGS_PER_VPC:
        raise refused(
            "OutstandingVpcPeeringConnectionLimitExceeded",
            f"{requester} has {PENDING_PEERINGS_PER_VPC} requests that wait for acceptance",
            "accept, reject or delete one of them",
        )
    made = Peering(
        id=derived_id(network.topology, name, sum(each.name == name for each in network.peerings)),
        name=name,
        requester=requester,
        accepter=accepter,
        state=PeeringState.FAILED if asking.overlaps(asked) else PeeringState.PENDING,
        requested=at,
    )
    return Requested(network=network.with_peering(made), peering=made)


def accept(network: Network, peering: str, *, at: timedelta) -> Network:
    """Return the Network with a pending request accepted."""
    for vpc in network.peering(peering).vpcs:
        if sum(each.state is PeeringState.ACTIVE and vpc in each.vpcs for each in network.peerings) >= PEERINGS_PER_VPC:
            raise refused(
                "ActiveVpcPeeringConnectionPerVpcLimitExceeded",
                f"{vpc} has {PEERINGS_PER_VPC} active peerings",
                "delete one of them",
            )
    return _answer(network.at(at), peering, "accept", PeeringState.ACTIVE)


def reject(network: Network, peering: str, *, at: timedelta) -> Network:
    """Return the Network with a pending request rejected."""
    return _answer(network.at(at), peering, "reject", PeeringState.REJECTED)


def delete(network: Network, peering: str, *, at: timedelta) -> Network:
    """Return the Network with an active or pending peering deleted; routes to it stay, as blackholes."""
    network = network.at(at)
    found = network.peering(peering)
    if found.state not in (PeeringState.ACTIVE, PeeringState.PENDING):
        code, sentence = _WRONG_STATE
        raise refused(
            code,
            f"{sentence}{found.name} ({found.id}) is {found.state}",
            "only a peering that is active or pending-acceptance can be deleted",
        )
    return network.with_peering(replace(found, state=PeeringState.DELETED))


def derived_id(topology: str, name: str, earlier: int) -> str:
    """Return a peering's id, the same in each run; `earlier` is the number of peerings that had its name before."""
    return ids.derived_id("pcx", topology, name, earlier)


def _answer(network: Network, peering: str, verb: str, state: PeeringState) -> Network:
    found = network.peering(peering)
    if found.state is not PeeringState.PENDING:
        why = ", since it was not accepted within 7 days" if found.state is PeeringState.EXPIRED else ""
        code, sentence = _WRONG_STATE
        raise refused(
            code,
            f"{sentence}{found.name} ({found.id}) is {found.state}{why}",
            f"mqlab can {verb} only a peering that is pending-acceptance"
            + ("" if found.state is PeeringState.ACTIVE else "; request another peering"),
        )
    return network.with_peering(replace(found, state=state))
