"""What is wrong with a scenario's expectations: names that nobody has, and claims that would hold of nothing."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, hears
from lab.check.brokers import check_after, check_log
from lab.check.counters import check_counter_claim
from lab.check.listeners import listeners
from lab.check.service import connectors_at, connectors_of
from lab.check.unreachable import check_unreachable
from lab.declare.expectations.bridge import Bridge
from lab.declare.expectations.counters import Counters
from lab.declare.expectations.delivered import Delivered
from lab.declare.expectations.demand import Demanded
from lab.declare.expectations.discarded import Discarded
from lab.declare.expectations.duplicates import Duplicates
from lab.declare.expectations.forwarded import Forwarded
from lab.declare.expectations.latency import Latency
from lab.declare.expectations.log import Log
from lab.declare.expectations.ordered import Ordered
from lab.declare.expectations.recovered import Recovered
from lab.declare.expectations.stuck import Stuck
from lab.declare.expectations.unreachable import Unreachable
from lab.declare.scenario import Scenario
from lab.declare.steps.message import Message
from lab.declare.suggestions import unknown
from lab.declare.unrolling import every_step
from lab.errors import Problem
from lab.plan.brokers import unread


def check_expectations(scenario: Scenario) -> Iterator[Problem]:
    """Return every Problem of the expectations."""
    for number, expectation in enumerate(scenario.expect):
        if isinstance(expectation, Delivered | Latency | Duplicates | Ordered | Recovered):
            yield from _receivers(scenario, number, expectation)
        if isinstance(expectation, Counters | Forwarded | Stuck | Discarded | Demanded):
            yield from check_counter_claim(scenario, number, expectation)
        elif isinstance(expectation, Latency):
            yield from _direction(scenario, number, expectation)
        elif isinstance(expectation, Bridge):
            yield from _bridge(scenario, number, expectation)
        elif isinstance(expectation, Log):
            yield from check_log(scenario, number, expectation)
        elif isinstance(expectation, Unreachable):
            yield from check_unreachable(scenario, number, expectation)
        if isinstance(expectation, Recovered):
            yield from check_after(scenario, ("expect", number, expectation.claim), expectation)


def _receivers(
    scenario: Scenario, number: int, expectation: Delivered | Latency | Duplicates | Ordered | Recovered
) -> Iterator[Problem]:
    """Whoever is to receive must listen, and something must be sent to what it listens to."""
    path = ("expect", number, expectation.claim)
    subscriptions = listeners(scenario)
    sent = {destination_of(step) or "" for step in every_step(scenario.steps) if isinstance(step, Message)}
    clients = list(dict.fromkeys(step.client for step in subscriptions))
    wanted = None if isinstance(expectation, Latency) else destination_of(expectation)
    if not isinstance(expectation, Latency) and expectation.topic is not None and expectation.queue is not None:
        place = scenario.origin.place(*path, "queue")
        yield Problem(what="name one topic or one queue", remedy="remove one, or write two claims", place=place)
        return
    if wanted is not None:
        place = scenario.origin.place(*path, "topic" if wanted.startswith("topic") else "queue")
        if not any(hears(wanted, each) for each in sent):
            yield Problem(what=f"no step publishes to {wanted}", remedy=_listed("published to", sent), place=place)
            return
        if not any(hears(destination_of(step) or "", wanted) for step in subscriptions):
            heard = {destination_of(step) or "" for step in subscriptions}
            yield Problem(what=f"no client subscribes to {wanted}", remedy=_listed("subscribed to", heard), place=place)
            return
    for client in expectation.to.names if expectation.to is not None else ():
        place = scenario.origin.place(*path, "to")
        if client not in clients:
            yield unknown("client", client, clients, "clients that subscribe", place)
            continue
        heard = {destination_of(step) or "" for step in subscriptions if step.client == client}
        if not any(hears(each, target) for each in heard for target in sent if wanted is None or hears(wanted, target)):
            yield Problem(
                what=f"nothing is published to what {client} hears, so the claim would hold of nothing",
                remedy=f"{_listed(f'{client} hears', heard)}\n{_listed('published to', sent)}",
                place=place,
            )
    if expectation.to is None and not (subscriptions and sent):
        what = "no client subscribes" if sent else "nothing is published"
        yield Problem(
            what=f"{what}, so the claim would hold of nothing",
            remedy="add the step, or remove the claim",
            place=scenario.origin.key(*path),
        )


def _direction(scenario: Scenario, number: int, expectation: Latency) -> Iterator[Problem]:
    """Both brokers of a direction must be there, one to be sent to and one to be listened at."""
    if expectation.direction is None:
        return
    place = scenario.origin.place("expect", number, expectation.claim, "direction")
    brokers = scenario.topology.brokers
    if missing := [broker for broker in expectation.direction if broker not in brokers]:
        yield unknown("broker", missing[0], brokers, "brokers in this topology", place)
        return
    source, target = expectation.direction
    steps = tuple(every_step(scenario.steps))
    if not any(isinstance(step, Message) and step.broker == source for step in steps):
        yield Problem(what=f"no step publishes at {source}", remedy="write [FROM, TO], two brokers", place=place)
    if not any(step.broker == target for step in listeners(scenario)):
        yield Problem(what=f"no client subscribes at {target}", remedy="write [FROM, TO], two brokers", place=place)


def _bridge(scenario: Scenario, number: int, expectation: Bridge) -> Iterator[Problem]:
    path = ("expect", number, expectation.claim)
    topology, origin = scenario.topology, scenario.origin
    owners = connectors_of(scenario)
    name, broker = expectation.connector, expectation.broker
    if broker is not None and broker not in topology.brokers:
        place = origin.place(*path, "broker")
        yield unknown("broker", broker, topology.brokers, "brokers in this topology", place)
    elif name not in owners:
        place = origin.place(*path, "connector")
        if not unread(topology):
            yield unknown("connector", name, owners, "connectors of this topology", place)
    elif broker is not None and broker not in owners[name]:
        what, right = f"{broker} has no connector {name}", f"it is in the configuration of {', '.join(owners[name])}"
        yield Problem(what=what, remedy=right, place=origin.place(*path, "broker"))
    elif broker is None and len(owners[name]) > 1:
        what = f"{len(owners[name])} brokers have a connector {name}"
        right = f"add broker: one of {', '.join(owners[name])}"
        yield Problem(what=what, remedy=right, place=origin.place(*path, "connector"))
    elif expectation.agree:
        initiator = broker or owners[name][0]
        its = connectors_at(scenario, initiator)
        if not any(each.name == name and each.duplex for each in its):
            what = f"{name} is not duplex, so only {initiator}'s end counts, and nothing agrees with it"
            place = origin.place(*path, "agree")
            yield Problem(what=what, remedy="claim counters: {bridge: …, dequeued: …} of that broker", place=place)
    yield from check_after(scenario, path, expectation)


def _listed(label: str, destinations: set[str]) -> str:
    return f"{label}: {', '.join(sorted(destinations)) or 'nothing'}"
