"""What is wrong with a wait for something: names that nobody has, and what cannot come or is so from the beginning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.check.listeners import listeners
from lab.check.place import At
from lab.check.service import connectors_of
from lab.declare.scenario import Scenario
from lab.declare.steps.message import Message
from lab.declare.steps.subscribe import Subscribe
from lab.declare.steps.wait import Wait
from lab.declare.unrolling import every_step
from lab.errors import Problem
from lab.plan.brokers import unread


def check_wait(at: At, scenario: Scenario, step: Wait, clients: Mapping[str, Subscribe]) -> Iterator[Problem]:
    """Return every Problem of a wait, knowing the clients that have subscribed before it."""
    brokers = at.topology.brokers
    if step.broker is not None and step.broker not in brokers:
        yield at.unknown("broker", "broker", step.broker, list(brokers), "brokers in this topology")
        return
    if step.connector is not None:
        yield from _connector(at, scenario, step, step.connector)
    elif step.client is not None:
        if step.client not in clients:
            yield too_early(at, scenario, step.client, clients)
    elif destination := destination_of(step):
        yield from _destination(at, scenario, step, destination)


def too_early(at: At, scenario: Scenario, client: str, clients: Mapping[str, Subscribe]) -> Problem:
    """Say that a step names a client that does not listen yet."""
    later = any(isinstance(each, Subscribe) and each.client == client for each in every_step(scenario.steps))
    reason = "subscribes only later" if later else "never subscribes"
    return at.wrong("client", f"the client {client} {reason}", f"clients so far: {', '.join(clients) or 'none'}")


def _connector(at: At, scenario: Scenario, step: Wait, name: str) -> Iterator[Problem]:
    owners = connectors_of(scenario)
    if name not in owners:
        if not unread(at.topology):
            yield at.unknown("connector", "connector", name, list(owners), "connectors of this topology")
    elif step.broker is not None and step.broker not in owners[name]:
        right = f"it is in the configuration of {', '.join(owners[name])}"
        yield at.wrong("broker", f"{step.broker} has no connector {name}", right)
    elif step.broker is None and len(owners[name]) > 1:
        what = f"{len(owners[name])} brokers have a connector {name}"
        right = f"add broker: one of {', '.join(owners[name])}"
        yield at.wrong("connector", what, right)


def _destination(at: At, scenario: Scenario, step: Wait, destination: str) -> Iterator[Problem]:
    field = "topic" if step.topic is not None else "queue"
    steps = list(every_step(scenario.steps))
    heard = {destination_of(each) or "" for each in listeners(scenario)}
    sent = {destination_of(each) or "" for each in steps if isinstance(each, Message)}
    if step.until == "demand":
        if not any(hears(each, destination) for each in heard):
            listed = f"subscribed to: {', '.join(sorted(heard)) or 'nothing'}"
            yield at.wrong(field, f"no client subscribes to {destination}, so there is never any demand", listed)
    elif has_wildcard(destination):
        yield at.wrong(field, "a queue is looked at by itself", "* and > are wildcards: write a whole name")
    elif not any(hears(each, destination) for each in heard | sent):
        listed = f"used here: {', '.join(sorted(each for each in heard | sent if each.startswith('queue'))) or 'none'}"
        yield at.wrong(field, f"no step uses {destination}, so it would be empty from the beginning", listed)
