"""The routes between senders and listeners of a scenario, as they are when it begins."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from lab.activemq.destinations import hears, parts_of
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Fault, Step
from lab.declare.steps.user import OfUser
from lab.declare.unrolling import every_step
from lab.plan.routing import RoutingTable
from lab.plan.routing_text import route_json
from lab.plan.values import Plan

MOST = 100  # routes that are kept; nobody reads more
_CHANGING = (Fault.NETWORK, Fault.CONFIGURATION, Fault.EXISTENCE)


def routes_used(scenario: Scenario, plan: Plan) -> dict[str, Any]:
    """Return the routes of each destination that a step sends to and a client of another broker listens to, by name.

    Where several clients listen to one, all of them are there at once. `fixed` tells whether no step changes what the
    routes rest on. `apart` has the subscriptions that hear such a destination by another name, by a wildcard or as a
    queue of a virtual topic: what the rules say of them was not compared with real brokers, and no row does.
    """
    steps = tuple(every_step(scenario.steps))
    sent: dict[str, dict[str, None]] = {}  # destination → brokers
    heard: dict[str, dict[str, None]] = {}
    for step in steps:
        for destination, broker, listens in _ends(step):
            (heard if listens else sent).setdefault(destination, {})[broker] = None
    table = RoutingTable(scenario.topology, activemq_version=plan.activemq_version)
    asked = (
        (source, target, destination)
        for destination, sources in sent.items()
        for source in sources
        for target in heard.get(destination, ())
        if source != target
    )
    rows = [
        route_json(table.route(*each, others=tuple(other for other in heard[each[2]] if other != each[1])))
        for each in islice(asked, MOST)
    ]
    apart = [
        f"{subscription} at {target}"
        for subscription, targets in heard.items()
        for target in targets
        if any(
            hears(subscription, destination) and subscription != destination and set(sources) - {target}
            for destination, sources in sent.items()
        )
    ]
    fixed = not any(step.fault in _CHANGING or isinstance(step, OfUser) for step in steps)
    found = {"fixed": fixed, "rows": rows, **({"apart": apart[:MOST]} if apart else {})}
    return found if rows or apart else {}


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
