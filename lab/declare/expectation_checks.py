"""What is wrong with a scenario's expectations: names that nobody has, and claims that would hold of nothing."""

from __future__ import annotations

from collections.abc import Iterator

from lab.declare.destinations import destination_of, hears
from lab.declare.identities import sanitised
from lab.declare.scenario import Bridge, Delivered, Latency, Publish, Scenario, Subscribe
from lab.declare.topology import Topology
from lab.declare.wording import unknown
from lab.errors import InputError, Problem


def check_expectations(scenario: Scenario) -> Iterator[Problem]:
    """Give every Problem of the expectations."""
    for number, expectation in enumerate(scenario.expect):
        if isinstance(expectation, Delivered | Latency):
            yield from _receivers(scenario, number, expectation)
        elif isinstance(expectation, Bridge):
            yield from _bridge(scenario, number, expectation)


def _receivers(scenario: Scenario, number: int, expectation: Delivered | Latency) -> Iterator[Problem]:
    """Whoever is to receive must listen, and something must be sent to what it listens to."""
    path = ("expect", number, expectation.claim)
    subscriptions = [step for step in scenario.steps if isinstance(step, Subscribe)]
    sent = {destination_of(step) or "" for step in scenario.steps if isinstance(step, Publish)}
    clients = list(dict.fromkeys(step.client for step in subscriptions))
    wanted = destination_of(expectation) if isinstance(expectation, Delivered) else None
    if isinstance(expectation, Delivered) and expectation.topic is not None and expectation.queue is not None:
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
    for client in expectation.to:
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
    if not expectation.to and not (subscriptions and sent):
        what = "no client subscribes" if sent else "nothing is published"
        yield Problem(
            what=f"{what}, so the claim would hold of nothing",
            remedy="add the step, or remove the claim",
            place=scenario.origin.key(*path),
        )


def _bridge(scenario: Scenario, number: int, expectation: Bridge) -> Iterator[Problem]:
    path = ("expect", number, expectation.claim)
    topology, origin = scenario.topology, scenario.origin
    owners = _connectors(topology)
    name, broker = expectation.connector, expectation.broker
    if broker is not None and broker not in topology.brokers:
        place = origin.place(*path, "broker")
        yield unknown("broker", broker, topology.brokers, "brokers in this topology", place)
    elif name not in owners:
        place = origin.place(*path, "connector")
        yield unknown("connector", name, owners, "connectors of this topology", place)
    elif broker is not None and broker not in owners[name]:
        what, right = f"{broker} has no connector {name}", f"it is in the configuration of {', '.join(owners[name])}"
        yield Problem(what=what, remedy=right, place=origin.place(*path, "broker"))
    elif broker is None and len(owners[name]) > 1:
        what = f"{len(owners[name])} brokers have a connector {name}"
        right = f"add broker: one of {', '.join(owners[name])}"
        yield Problem(what=what, remedy=right, place=origin.place(*path, "connector"))
    verbs = {step.verb for step in scenario.steps}
    if expectation.after is not None and expectation.after not in verbs:
        what = f"the scenario has no {expectation.after} step"
        place = origin.place(*path, "after")
        yield Problem(what=what, remedy="add the step, or remove within and after", place=place)


def _connectors(topology: Topology) -> dict[str, list[str]]:
    """Map each connector's name to the brokers whose configuration has it, as far as they can be read."""
    owners: dict[str, list[str]] = {}
    for name in topology.brokers:
        try:
            connectors = sanitised(topology, name).configuration.connectors
        except InputError:  # said by the checks of the configurations
            continue
        for connector in connectors:
            owners.setdefault(connector.name, []).append(name)
    return owners


def _listed(label: str, destinations: set[str]) -> str:
    return f"{label}: {', '.join(sorted(destinations)) or 'nothing'}"
