"""What is wrong with steps and claims about the network: the very verbs are done, in the order of the steps.

What AWS, or the lab, would refuse while a scenario runs is refused here, with its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from lab.activemq.protocols import ENDPOINTS
from lab.check.context import Context
from lab.declare.expectations.dropped import Dropped
from lab.declare.expectations.reachable import Reachable
from lab.declare.scenario import Scenario
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
from lab.errors import PlanError, Problem
from lab.network import peerings, routes, security_groups
from lab.network.vpc import INTERNET, Network
from lab.plan.network import network_of


class NetworkSoFar:
    """The Network as the steps have left it, with the time that they waited at least, and what they tried."""

    def __init__(self, scenario: Scenario) -> None:
        self.network = network_of(scenario.topology)
        self.waited = timedelta(0)
        self.tries: dict[str, Try] = {}  # by name


def after(network: Network, step: OnNetwork, at: timedelta) -> Network:
    """Return the Network after a step, or raise InputError as the step would."""
    match step:
        case CreatePeering():
            return peerings.request(
                network, name=step.name, requester=step.requester, accepter=step.accepter, at=at
            ).network
        case AcceptPeering():
            return peerings.accept(network, step.peering, at=at)
        case RejectPeering():
            return peerings.reject(network, step.peering, at=at)
        case DeletePeering():
            return peerings.delete(network, step.peering, at=at)
        case CreateRoute():
            return routes.create(network, table=step.table, destination=step.destination, peering=step.peering)
        case DeleteRoute():
            return routes.delete(network, table=step.table, destination=step.destination)
        case AuthorizeIngress():
            return security_groups.authorize(network, step.group, step.rule())
        case RevokeIngress():
            return security_groups.revoke(network, step.group, step.rule())
        case _:
            raise PlanError(f"nobody knows how to {step.verb}", "see ARCHITECTURE.md: to add a step")


def check_ends(context: Context, of: Reachable | Dropped | Try) -> Iterator[Problem]:
    """Return the Problem that nothing can be tried between two ends."""
    if context.unknown & {"source", "to"}:
        return
    brokers = context.topology.brokers
    if of.source == INTERNET:
        ports = [each.port for each in ENDPOINTS]
        if of.port is not None and of.port not in ports:
            yield context.wrong(
                "port", f"{of.port} is no endpoint of a broker", f"they are {', '.join(map(str, ports))}"
            )
    elif brokers[of.source].region == brokers[of.to].region:
        what = f"{of.source} and {of.to} are in one region, whose packets do not pass the router"
        yield context.wrong("to", what, "name brokers of two regions, or internet")
