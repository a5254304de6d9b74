"""What is wrong with a scenario's steps: names that nobody has, orders that cannot be, fields of another protocol."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard
from lab.activemq.protocols import protocol
from lab.check.attempts import check_connect
from lab.check.listening import Listening
from lab.check.place import At
from lab.check.service import users_of
from lab.check.terms import check_terms
from lab.declare.scenario import Scenario
from lab.declare.steps.connect import Connect
from lab.declare.steps.consume import Consume
from lab.declare.steps.cut import Cut
from lab.declare.steps.flap import Flap
from lab.declare.steps.heal import Heal
from lab.declare.steps.link import OnLink
from lab.declare.steps.message import Message
from lab.declare.steps.reject import Reject
from lab.declare.steps.subscribe import Subscribe
from lab.declare.unrolling import in_time
from lab.errors import Problem


def check_steps(scenario: Scenario) -> Iterator[Problem]:
    """Go through the steps in their order, remembering who listens and which links are closed."""
    listening = Listening(scenario)
    closed: set[tuple[str, str]] = set()
    if not scenario.steps:
        yield Problem(
            what="a scenario without steps", remedy="add a publish step", place=scenario.origin.place("steps")
        )
    for path, step in in_time(scenario.steps):
        at = At(topology=scenario.topology, origin=scenario.origin, path=path)
        if isinstance(step, Subscribe | Message):
            yield from _login(at, scenario, step)
            yield from _protocol(at, step)
            yield from check_terms(at, step)
        elif isinstance(step, Consume) and step.broker is not None:
            yield from _login(at, scenario, step)
        if isinstance(step, Connect):
            yield from check_connect(at, scenario, step)
        elif isinstance(step, OnLink):
            yield from _on_link(at, step, closed)
        else:
            yield from listening.check(at, step)


def _login(at: At, scenario: Scenario, step: Subscribe | Message | Consume) -> Iterator[Problem]:
    brokers = at.topology.brokers
    if step.broker is None or step.broker not in brokers:
        yield at.unknown("broker", "broker", step.broker or "", list(brokers), "brokers in this topology")
        return
    users = list(brokers[step.broker].users)
    if step.user is not None and step.user not in (known := users_of(scenario, step.broker)):
        yield at.unknown("user", "user", step.user, known, f"users of {step.broker}")
    elif step.user is None and len(users) > 1:
        yield at.wrong("broker", f"{step.broker} has {len(users)} users", f"add user: one of {', '.join(users)}")


def _protocol(at: At, step: Subscribe | Message) -> Iterator[Problem]:
    destination = destination_of(step) or ""
    field = "topic" if step.topic is not None else "queue"
    if protocol(step.over) == "mqtt" and step.queue is not None:
        yield at.wrong("queue", "MQTT knows topics, not queues", "write topic, or over: stomp or amqp")
    if any(character in destination.partition("://")[2] for character in "/+#") and protocol(step.over) == "mqtt":
        yield at.wrong(field, "a topic is named here as ActiveMQ names it", "write a.b for a/b, * for +, > for #")
    if isinstance(step, Message) and has_wildcard(destination):
        yield at.wrong(field, "a message is sent to one destination", "* and > are wildcards: write a whole name")


def _on_link(at: At, step: OnLink, closed: set[tuple[str, str]]) -> Iterator[Problem]:
    links = {link.name: link for link in at.topology.links}
    if step.link not in links:
        yield at.unknown("link", "link", step.link, list(links), "links in this topology")
        return
    ends = links[step.link].between
    if step.leaving is not None and step.leaving not in ends:
        yield at.unknown("leaving", "end of this link", step.leaving, list(ends), "its ends")
        return
    directions = {(step.link, end) for end in ends if step.leaving in (None, end)}
    if isinstance(step, Cut | Reject):
        closed |= directions
    elif isinstance(step, Flap):
        closed -= directions
    elif isinstance(step, Heal):
        if not directions & closed:
            which = step.link if step.leaving is None else f"the direction of {step.link} that leaves {step.leaving}"
            yield at.wrong("link", f"{which} is neither cut nor rejecting here", "put a cut or reject step before it")
        closed -= directions
