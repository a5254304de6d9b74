"""The routes between senders and listeners of a scenario, as they are when it begins."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from lab.activemq.destinations import hears, parts_of
from lab.declare.scenario import Scenario
from lab.declare.steps.base import OF_ROUTES, Step
from lab.declare.steps.user import OfUser
from lab.declare.unrolling import every_step
from lab.plan.arrival import Listener
from lab.plan.routing import RoutingTable
from lab.plan.routing_text import route_json
from lab.plan.values import Plan

MOST_ROUTES = 100  # routes that are kept; nobody reads more


def routes_used(scenario: Scenario, plan: Plan) -> dict[str, Any]:
    """Return the routes of each destination that a step sends to and a client of another broker hears.

    If several clients hear one, all of them are there at once. `fixed` is whether no step changes the routes.
    """
    steps = tuple(every_step(scenario.steps))
    sent: dict[str, dict[str, None]] = {}  # destination → brokers
    listeners: dict[Listener, None] = {}
    for step in steps:
        for destination, broker, listens in _ends(step):
            if listens:
                listeners[broker, destination] = None
            else:
                sent.setdefault(destination, {})[broker] = None
    table = RoutingTable(scenario.topology, activemq_version=plan.activemq_version)
    heard = {destination: [each for each in listeners if hears(each[1], destination)] for destination in sent}
    asked = (
        (source, listener, destination)
        for destination, sources in sent.items()
        for source in sources
        for listener in heard[destination]
        if source != listener[0]
    )
    rows = []
    for source, listener, destination in islice(asked, MOST_ROUTES):
        others = tuple(other for other in heard[destination] if other != listener)
        rows.append(route_json(table.route(source, listener[0], destination, heard=listener[1], others=others)))
    fixed = not any(step.fault in OF_ROUTES or isinstance(step, OfUser) for step in steps)
    return {"fixed": fixed, "rows": rows} if rows else {}


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
