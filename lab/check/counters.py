"""What is wrong with claims about what the brokers count."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.check.listeners import listeners
from lab.check.service import connectors_at, connectors_of
from lab.declare.expectations.counters import COUNTERS, Counters
from lab.declare.expectations.demand import Demanded
from lab.declare.expectations.discarded import Discarded
from lab.declare.expectations.forwarded import Forwarded
from lab.declare.expectations.stuck import Stuck
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.declare.steps.message import Message
from lab.declare.steps.snapshot import END, START, Snapshot
from lab.declare.suggestions import unknown
from lab.declare.unrolling import every_step, in_time
from lab.errors import Problem
from lab.plan.brokers import unread

OF_BROKER = ("enqueued", "dequeued")
OF_BRIDGE = ("enqueued", "dequeued", "received")
OF_DESTINATION = tuple(name for name in COUNTERS if name != "received")
CounterClaim = Counters | Forwarded | Stuck | Discarded | Demanded


def check_counter_claim(scenario: Scenario, number: int, claim: CounterClaim) -> Iterator[Problem]:
    """Names must be known, snapshots taken in that order, and somebody must use the destination."""
    path: Keys = ("expect", number, claim.claim)
    if claim.broker not in scenario.topology.brokers:
        place = scenario.origin.place(*path, "broker")
        yield unknown("broker", claim.broker, scenario.topology.brokers, "brokers in this topology", place)
    yield from _destination(scenario, path, claim)
    if isinstance(claim, Counters):
        yield from _counters(scenario, path, claim)
    if isinstance(claim, Stuck):
        yield from _snapshots(scenario, path, "at", (claim.at,))
    elif not isinstance(claim, Demanded):
        yield from _snapshots(scenario, path, "between", claim.between)
    elif claim.after is not None and claim.after not in {step.verb for step in every_step(scenario.steps)}:
        what, right = f"the scenario has no {claim.after} step", "add the step, or remove within and after"
        yield Problem(what=what, remedy=right, place=scenario.origin.place(*path, "after"))


def _destination(scenario: Scenario, path: Keys, claim: CounterClaim) -> Iterator[Problem]:
    topic = getattr(claim, "topic", None)
    queue = getattr(claim, "queue", None)
    if topic is None and queue is None:
        return
    wanted = f"queue://{queue}" if topic is None else f"topic://{topic}"
    place = scenario.origin.place(*path, "queue" if topic is None else "topic")
    if has_wildcard(wanted):
        yield Problem(what="a counter is of one destination", remedy="* and > are wildcards: write a name", place=place)
        return
    steps = tuple(every_step(scenario.steps))
    sent = sorted({str(destination_of(step)) for step in steps if isinstance(step, Message)})
    heard = sorted({str(destination_of(step)) for step in listeners(scenario)})
    wanting = {"demand": heard}.get(claim.claim, sent)
    if not any(hears(each, wanted) for each in wanting):
        does = "subscribes" if wanting is heard else "publishes"
        listed = f"{does.removesuffix('s').rstrip('e')}ed to: {', '.join(wanting) or 'nothing'}"
        yield Problem(
            what=f"no step {does} to {wanted}, so the claim would hold of nothing", remedy=listed, place=place
        )


def _counters(scenario: Scenario, path: Keys, claim: Counters) -> Iterator[Problem]:
    origin, topology = scenario.origin, scenario.topology
    valid: tuple[str, ...]
    if claim.bridge is not None:
        what, valid = "a bridge's end", OF_BRIDGE
    elif destination_of(claim) is not None:
        what, valid = "a destination", OF_DESTINATION
    else:
        what, valid = "a broker in all", OF_BROKER
    for counter in claim.amounts:
        if counter not in valid:
            place = origin.key(*path, counter)
            yield Problem(what=f"{what} has no counter {counter}", remedy=f"it has {', '.join(valid)}", place=place)
    if claim.bridge is None or claim.broker not in topology.brokers:
        return
    owners = connectors_of(scenario)
    place = origin.place(*path, "bridge")
    if claim.bridge not in owners:
        if not unread(topology):
            yield unknown("connector", claim.bridge, owners, "connectors of this topology", place)
    elif claim.broker not in owners[claim.bridge]:
        duplex = any(
            connector.name == claim.bridge and connector.duplex
            for owner in owners[claim.bridge]
            for connector in connectors_at(scenario, owner)
        )
        if not duplex:
            what = f"{claim.broker} shows no end of {claim.bridge}, which is not duplex"
            yield Problem(what=what, remedy=f"write broker: {owners[claim.bridge][0]}", place=place)


def _snapshots(scenario: Scenario, path: Keys, field: str, names: tuple[str, ...]) -> Iterator[Problem]:
    """The snapshots a claim looks at must be taken, the first before the second."""
    steps = (step for _, step in in_time(scenario.steps) if isinstance(step, Snapshot))
    taken = (step.name for step in steps if step.name not in (START, END))
    order = list(dict.fromkeys((START, *taken, END)))
    place = scenario.origin.place(*path, field)
    if missing := [name for name in names if name not in order]:
        yield unknown("snapshot", missing[0], order, "snapshots of this scenario", place)
    elif [*names] != sorted(names, key=order.index):
        what = f"the snapshot {names[0]} is taken after {names[1]}"
        yield Problem(what=what, remedy=f"write [{names[1]}, {names[0]}]", place=place)
