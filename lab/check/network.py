"""What is wrong with steps and claims about the network: the very verbs are done, in the order of the steps.

What AWS, or the lab, would refuse while a scenario runs is refused here, with its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from lab.activemq.protocols import ENDPOINTS
from lab.check.context import Context
from lab.check.references import check_references
from lab.declare.expectations.dropped import Dropped
from lab.declare.expectations.peering import PeeringIs
from lab.declare.expectations.reachable import END, Reachable
from lab.declare.expectations.route import RouteIs
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


def check_network(scenario: Scenario, memory: dict[type, Any]) -> Iterator[Problem]:
    """Return every Problem of the claims about the network that the steps leave."""
    for number, claim in enumerate(scenario.expect):
        context = Context(scenario=scenario, path=("expect", number, claim.claim), memory=memory)
        yield from check_references(context, claim)
        so_far = context.recall(NetworkSoFar)
        if isinstance(claim, Reachable | Dropped):
            yield from check_ends(context, claim)
        if isinstance(claim, Reachable) and claim.at != END:
            if claim.at not in so_far.tries:
                yield context.missing("at", "try", claim.at, so_far.tries, "names of try steps")
            elif _tried(claim) != _tried(tried := so_far.tries[claim.at]):
                what = f"{claim.at} tries {tried.source} to {tried.to}, port {tried.port}"
                yield context.wrong("at", what, "claim what it tries")
        elif isinstance(claim, PeeringIs):
            known = [each.name for each in so_far.network.peerings]
            if claim.name not in known:
                yield context.missing("name", "peering", claim.name, known, "peerings of this scenario")
        elif isinstance(claim, RouteIs):
            tables = [each.name for each in so_far.network.route_tables]
            if claim.table not in tables:
                yield context.missing("table", "route table", claim.table, tables, "route tables")


def _tried(of: Reachable | Try) -> tuple[str, str, int]:
    return of.source, of.to, of.port


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
