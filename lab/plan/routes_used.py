"""The routes between senders and listeners of a scenario, as they are when it begins."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from lab.activemq.destinations import hears, parts_of
from lab.declare.scenario import Scenario
from lab.declare.steps.base import OF_ROUTES, OfUser, Step
from lab.declare.unrolling import every_step
from lab.plan.arrival import Listener
from lab.plan.routing import Route, RoutingTable
from lab.plan.routing_text import route_json
from lab.plan.values import Plan

Ends = tuple[str | None, str | None]  # the brokers of senders and listeners

MOST_ROUTES = 100  # routes that are kept; nobody reads more


def routes_used(scenario: Scenario, plan: Plan) -> dict[str, Any]:
    """Return the used routes as a history keeps them, and in `fixed` whether no step changes their preconditions."""
    routes = used_routes(scenario, plan.activemq_version, most=MOST_ROUTES)
    fixed = not any(step.fault in OF_ROUTES or isinstance(step, OfUser) for step in every_step(scenario.steps))
    return {"fixed": fixed, "rows": [route_json(route) for route in routes]} if routes else {}


def used_routes(
    scenario: Scenario, activemq_version: str | None, *, most: int | None = None, ends: Ends = (None, None)
) -> list[Route]:
    """Return the routes of each destination that a step sends to and a client of another broker hears.

    If several clients hear a destination, all of them listen at once. `ends` are both brokers, None for any.
    """
    sent: dict[str, dict[str, None]] = {}  # destination → brokers
    listeners: dict[Listener, None] = {}
    for step in every_step(scenario.steps):
        for destination, broker, listens in _ends(step):
            if listens:
                listeners[broker, destination] = None
            else:
                sent.setdefault(destination, {})[broker] = None
    table = RoutingTable(scenario.topology, activemq_version=activemq_version)
    heard = {destination: [each for each in listeners if hears(each[1], destination)] for destination in sent}
    asked = (
        (source, listener, destination)
        for destination, sources in sent.items()
        for source in sources
        for listener in heard[destination]
        if source != listener[0] and ends[0] in (None, source) and ends[1] in (None, listener[0])
    )
    routes = []
    for source, listener, destination in islice(asked, most):
        others = tuple(other for other in heard[destination] if other != listener)
        routes.append(table.route(source, listener[0], destination, heard=listener[1], others=others))
    return routes


def _ends(step: Step) -> Iterator[tuple[str, str, bool]]:
    """Yield the destinations, perhaps with wildcards, that a step sends or listens to, each with its broker."""
    login = step.login
    if login is not None and login.destination is not None:
        for each in parts_of(login.destination):
            yield each, login.broker, login.listens
    elif login is not None:
        for sent_to in step.sends_to:
            for each in parts_of(sent_to):
                yield each, login.broker, False
