"""What is wrong with a scenario's steps: names that nobody has, orders that cannot be, fields of another protocol."""

from __future__ import annotations

from collections.abc import Iterator

from lab.declare.destinations import destination_of, has_wildcard
from lab.declare.over import protocol
from lab.declare.scenario import Cut, Heal, Reject, Scenario, Subscribe, Unsubscribe
from lab.declare.step import Message, OnLink
from lab.declare.step_place import At
from lab.declare.timed import Flap, Wait
from lab.declare.unrolling import in_time
from lab.declare.wait_checks import check_wait, too_early
from lab.errors import Problem

_ONLY_OVER = {"qos": ("mqtt",), "retained": ("mqtt",), "persistent": ("stomp", "amqp")}


def check_steps(scenario: Scenario) -> Iterator[Problem]:
    """Go through the steps in their order, remembering who listens and which links are closed."""
    clients: dict[str, Subscribe] = {}
    closed: set[tuple[str, str]] = set()
    if not scenario.steps:
        yield Problem(
            what="a scenario without steps", remedy="add a publish step", place=scenario.origin.place("steps")
        )
    for path, step in in_time(scenario.steps):
        at = At(topology=scenario.topology, origin=scenario.origin, path=path)
        if isinstance(step, Subscribe | Message):
            yield from _login(at, step)
            yield from _protocol(at, step)
        if isinstance(step, Subscribe):
            yield from _same_client(at, clients.setdefault(step.client, step), step)
        elif isinstance(step, Unsubscribe):
            if step.client not in clients:
                yield too_early(at, scenario, step.client, clients)
        elif isinstance(step, Wait):
            yield from check_wait(at, scenario, step, clients)
        elif isinstance(step, OnLink):
            yield from _on_link(at, step, closed)


def _login(at: At, step: Subscribe | Message) -> Iterator[Problem]:
    brokers = at.topology.brokers
    if step.broker not in brokers:
        yield at.unknown("broker", "broker", step.broker, list(brokers), "brokers in this topology")
        return
    users = list(brokers[step.broker].users)
    if step.user is not None and step.user not in users:
        yield at.unknown("user", "user", step.user, users, f"users of {step.broker}")
    elif step.user is None and len(users) > 1:
        yield at.wrong("broker", f"{step.broker} has {len(users)} users", f"add user: one of {', '.join(users)}")


def _protocol(at: At, step: Subscribe | Message) -> Iterator[Problem]:
    for field, protocols in _ONLY_OVER.items():
        if field in step.model_fields_set and protocol(step.over) not in protocols:
            its = f"{' and '.join(protocols)} alone"
            yield at.wrong(field, f"{field} means nothing over {step.over}", f"remove it: it is for {its}")
    destination = destination_of(step) or ""
    field = "topic" if step.topic is not None else "queue"
    if protocol(step.over) == "mqtt" and step.queue is not None:
        yield at.wrong("queue", "MQTT knows topics, not queues", "write topic, or over: stomp or amqp")
    if any(character in destination.partition("://")[2] for character in "/+#") and protocol(step.over) == "mqtt":
        yield at.wrong(field, "a topic is named here as ActiveMQ names it", "write a.b for a/b, * for +, > for #")
    if isinstance(step, Message):
        if has_wildcard(destination):
            yield at.wrong(field, "a message is sent to one destination", "* and > are wildcards: write a whole name")
        if step.body is not None and step.size is not None:
            yield at.wrong("size", "size is of a body that the lab makes", "remove size, or body")


def _same_client(at: At, first: Subscribe, step: Subscribe) -> Iterator[Problem]:
    """A client is one connection, so all its subscriptions share a broker, a protocol and a user."""
    for field in ("broker", "over", "user"):
        if getattr(first, field) != getattr(step, field):
            what = (
                f"the client {step.client} has {field} {getattr(first, field) or 'left out'} in its first subscription"
            )
            yield at.wrong(field, what, "a client is one connection: write the same, or give it another name")


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
