"""A step on the network in one line, for people."""

from __future__ import annotations

from lab.declare.steps.accept_peering import AcceptPeering
from lab.declare.steps.authorize_ingress import AuthorizeIngress
from lab.declare.steps.create_peering import CreatePeering
from lab.declare.steps.create_route import CreateRoute
from lab.declare.steps.delete_peering import DeletePeering
from lab.declare.steps.delete_route import DeleteRoute
from lab.declare.steps.network import OnNetwork
from lab.declare.steps.reject_peering import RejectPeering
from lab.declare.steps.revoke_ingress import RevokeIngress
from lab.declare.steps.try_ import Try


def asked_of_network(step: OnNetwork | Try) -> str:
    """Write what a step asks for."""
    match step:
        case CreatePeering():
            return f"{step.requester} asks {step.accepter} for the peering {step.name}"
        case AcceptPeering() | RejectPeering() | DeletePeering():
            return f"{step.verb.partition('-')[0]} the peering {step.peering}"
        case CreateRoute():
            return f"route {step.destination} to the peering {step.peering} in the route table {step.table}"
        case DeleteRoute():
            return f"delete the route {step.destination} of the route table {step.table}"
        case AuthorizeIngress():
            return f"let {step.rule().allowed} in from {step.rule().peer} by {step.group}"
        case RevokeIngress():
            return f"let {step.rule().allowed} in from {step.rule().peer} no more by {step.group}"
        case Try():
            return f"try {step.source} to {step.to}, port {step.port}"
        case _:
            return step.verb
