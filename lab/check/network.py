"""What is wrong with steps and claims about the network: the very verbs are done, in the order of the steps.

What AWS, or the lab, would refuse while a scenario runs is refused here, with its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from lab.amazonmq.names import ENDPOINTS
from lab.declare.expectations.dropped import Dropped
from lab.declare.expectations.peering import PeeringIs
from lab.declare.expectations.reachable import END, Reachable
from lab.declare.expectations.route import RouteIs
from lab.declare.origin import Keys
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
from lab.declare.steps.update_broker import UpdateBroker
from lab.declare.steps.wait import Wait
from lab.declare.suggestions import unknown
from lab.declare.unrolling import in_time
from lab.errors import InputError, PlanError, Problem
from lab.network import peerings, routes, security_groups
from lab.network.vpc import INTERNET, MOST_GROUPS, Network
from lab.plan.network import network_of

_FIELD = {  # the field that a refusal is shown at
    CreatePeering: "accepter",
    AcceptPeering: "peering",
    RejectPeering: "peering",
    DeletePeering: "peering",
    CreateRoute: "destination",
    DeleteRoute: "destination",
    AuthorizeIngress: "from",
    RevokeIngress: "from",
}


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


def check_network(scenario: Scenario) -> Iterator[Problem]:
    """Go through the steps in their order, doing what they do to the network, then through the claims."""
    network = network_of(scenario.topology)
    names: dict[str, Try] = {}
    at = timedelta(0)
    for path, step in in_time(scenario.steps):
        if isinstance(step, Wait):
            at += step.duration or timedelta(0)
        elif isinstance(step, Try):
            yield from _ends(scenario, path, step)
            if names.setdefault(step.name, step) is not step or step.name == END:
                what = f"{'the end tries itself' if step.name == END else 'another try is called'} {step.name}"
                yield Problem(what=what, remedy="take another name", place=scenario.origin.place(*path, "name"))
        elif isinstance(step, UpdateBroker):
            yield from _groups(scenario, path, step, network)
        elif isinstance(step, OnNetwork):
            try:
                network = after(network, step, at)
            except InputError as error:
                place = scenario.origin.place(*path, _FIELD[type(step)])
                yield from (replace(problem, place=place) for problem in error.problems)
    yield from _claims(scenario, network, names)


def _groups(scenario: Scenario, path: Keys, step: UpdateBroker, network: Network) -> Iterator[Problem]:
    groups = step.security_groups or ()
    for its in network.of_broker(step.broker)[:1] if len(groups) <= MOST_GROUPS else ():  # more: the service says so
        try:
            security_groups.check_groups(network, its.vpc, groups)
        except InputError as error:
            place = scenario.origin.place(*path, "security-groups")
            yield from (replace(problem, place=place) for problem in error.problems)


def _claims(scenario: Scenario, network: Network, names: dict[str, Try]) -> Iterator[Problem]:
    for number, claim in enumerate(scenario.expect):
        path: Keys = ("expect", number, claim.claim)
        if isinstance(claim, Reachable | Dropped):
            yield from _ends(scenario, path, claim)
        if isinstance(claim, Reachable) and claim.at != END:
            place = scenario.origin.place(*path, "at")
            if claim.at not in names:
                yield unknown("try", claim.at, names, "names of try steps", place)
            elif _tried(claim) != _tried(tried := names[claim.at]):
                what = f"{claim.at} tries {tried.source} to {tried.to}, port {tried.port}"
                yield Problem(what=what, remedy="claim what it tries", place=place)
        elif isinstance(claim, PeeringIs):
            known = [each.name for each in network.peerings]
            if claim.name not in known:
                place = scenario.origin.place(*path, "name")
                yield unknown("peering", claim.name, known, "peerings of this scenario", place)
        elif isinstance(claim, RouteIs):
            tables = [each.name for each in network.route_tables]
            if claim.table not in tables:
                place = scenario.origin.place(*path, "table")
                yield unknown("route table", claim.table, tables, "route tables", place)


def _tried(of: Reachable | Try) -> tuple[str, str, int]:
    return of.source, of.to, of.port


def _ends(scenario: Scenario, path: Keys, of: Reachable | Dropped | Try) -> Iterator[Problem]:
    brokers = scenario.topology.brokers
    place = scenario.origin.place
    for field, name in (("from", of.source), ("to", of.to)):
        if name not in brokers and (field == "to" or name != INTERNET):
            label = "brokers in this topology" + (f", beside {INTERNET}" if field == "from" else "")
            yield unknown("broker", name, brokers, label, place(*path, field))
            return
    if of.source == INTERNET:
        ports = [each.port for each in ENDPOINTS]
        if of.port is not None and of.port not in ports:
            right = f"they are {', '.join(map(str, ports))}"
            yield Problem(what=f"{of.port} is no endpoint of a broker", remedy=right, place=place(*path, "port"))
    elif brokers[of.source].region == brokers[of.to].region:
        what = f"{of.source} and {of.to} are in one region, whose packets do not pass the router"
        yield Problem(what=what, remedy="name brokers of two regions, or internet", place=place(*path, "to"))
