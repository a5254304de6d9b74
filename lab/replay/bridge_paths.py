"""The paths of messages between brokers, over the bridges of a Plan and links that are open. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from lab.activemq.destinations import hears
from lab.declare.steps.base import Step
from lab.link.impairment import LinkState
from lab.plan.values import Plan

Way = tuple[str, str]  # a link, and the region that its direction leaves


def carries(plan: Plan, source: str, target: str, states: Mapping[Way, LinkState] | None = None) -> bool:
    """Return whether bridges carry messages from one broker to another; with `states`, over open links only."""
    reached, edge, after = {source}, [source], _neighbours(plan)
    passes = None if states is None else _passage(plan, states)
    while edge and target not in reached:
        here = edge.pop()
        for there in after.get(here, ()):
            if there not in reached and (passes is None or passes(here, there)):
                reached.add(there)
                edge.append(there)
    return target in reached


def path(plan: Plan, source: str, target: str, states: Mapping[Way, LinkState]) -> tuple[tuple[str, str], ...]:
    """Return the fewest bridges from one broker to another over open links, each as its brokers; () if none."""
    before: dict[str, str] = {source: ""}
    edge, after, passes = deque([source]), _neighbours(plan), _passage(plan, states)
    while edge and target not in before:
        here = edge.popleft()
        for there in after.get(here, ()):
            if there not in before and passes(here, there):
                before[there] = here
                edge.append(there)
    bridges: list[tuple[str, str]] = []
    while before.get(target):
        bridges.append((before[target], target))
        target = before[target]
    return tuple(reversed(bridges))


def initial_states(plan: Plan) -> dict[Way, LinkState]:
    """Return the initial state of every direction of a link."""
    return {(link.name, way.leaving): way.state for link in plan.links for way in link.directions}


def demanded_at(plan: Plan, broker: str, destination: str, later: Sequence[Step]) -> tuple[str, ...]:
    """Return the other brokers to which `later` steps send messages that bridges carry to a subscription."""
    sending = (
        step.login.broker
        for step in later
        if step.login is not None and any(hears(destination, sent_to) for sent_to in step.sends_to)
    )
    return tuple(name for name in dict.fromkeys(sending) if name != broker and carries(plan, name, broker))


def _neighbours(plan: Plan) -> Mapping[str, Sequence[str]]:
    """Return the brokers to which bridges carry messages directly from each broker, in the order of the plan's."""
    places = {broker.name: place for place, broker in enumerate(plan.brokers)}
    ways = [(bridge.initiator, bridge.responder) for bridge in plan.bridges]
    ways += [(bridge.responder, bridge.initiator) for bridge in plan.bridges if bridge.duplex]
    found: dict[str, set[str]] = {}
    for here, there in ways:
        if there in places:
            found.setdefault(here, set()).add(there)
    return {here: sorted(its, key=places.__getitem__) for here, its in found.items()}


def _passage(plan: Plan, states: Mapping[Way, LinkState]) -> Callable[[str, str], bool]:
    """Return a function that returns whether TCP passes between two brokers: both directions are open."""
    regions = {broker.name: broker.region for broker in plan.brokers}
    closed = {
        frozenset(way.leaving for way in link.directions)
        for link in plan.links
        if any(states[link.name, way.leaving] is not LinkState.OPEN for way in link.directions)
    }
    return lambda here, there: frozenset((regions[here], regions[there])) not in closed


def carrier(plan: Plan) -> Callable[[str, str], bool]:
    """Return `carries` for one Plan, with a cache."""
    known: dict[tuple[str, str], bool] = {}

    def found(source: str, target: str) -> bool:
        if (source, target) not in known:
            known[source, target] = carries(plan, source, target)
        return known[source, target]

    return found
