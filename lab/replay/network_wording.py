"""A step on the network in one line, for people."""

from __future__ import annotations

from lab.declare import vpc_steps as steps


def asked_of_network(step: steps.OnNetwork | steps.Try) -> str:
    """Write what a step asks for."""
    match step:
        case steps.CreatePeering():
            return f"{step.requester} asks {step.accepter} for the peering {step.name}"
        case steps.AcceptPeering() | steps.RejectPeering() | steps.DeletePeering():
            return f"{step.verb.partition('-')[0]} the peering {step.peering}"
        case steps.CreateRoute():
            return f"route {step.destination} to the peering {step.peering} in the route table {step.table}"
        case steps.DeleteRoute():
            return f"delete the route {step.destination} of the route table {step.table}"
        case steps.AuthorizeIngress():
            return f"let {step.rule().allowed} in from {step.rule().peer} by {step.group}"
        case steps.RevokeIngress():
            return f"let {step.rule().allowed} in from {step.rule().peer} no more by {step.group}"
        case steps.Try():
            return f"try {step.source} to {step.to}, port {step.port}"
        case _:
            return step.verb
