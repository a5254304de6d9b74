"""What is wrong with who listens when: steps of a client that is not there, two in one client, terms that change."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard
from lab.activemq.protocols import protocol
from lab.check.place import At
from lab.check.waits import check_wait, too_early
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Step
from lab.declare.steps.consume import Consume
from lab.declare.steps.disconnect import Disconnect
from lab.declare.steps.subscribe import Subscribe
from lab.declare.steps.unsubscribe import Unsubscribe
from lab.declare.steps.wait import Wait
from lab.errors import Problem

_OF_THE_CONNECTION = ("broker", "over", "user", "client_id", "clean_session", "reconnect")
_OF_WHAT_IS_KEPT = ("qos", "selector")


class Listening:
    """Goes along with the steps, in the order of doing, and remembers who listens to what."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._first: dict[str, Subscribe] = {}  # by client, whether it listens still or not
        self._now: dict[str, list[Subscribe]] = {}  # by client that is there: what it listens to
        self._away: dict[str, list[Subscribe]] = {}  # by client that has gone: what is kept for it
        self._owners: dict[tuple[str, str], str] = {}  # by broker and client-id: the client

    def check(self, at: At, step: Step) -> Iterator[Problem]:
        """Return every Problem of the next step."""
        match step:
            case Subscribe():
                yield from self._subscribe(at, step)
            case Unsubscribe():
                yield from self._leave(at, step.client, "unsubscribe")
                self._away.pop(step.client, None)
                self._now.pop(step.client, None)
            case Disconnect():
                yield from self._leave(at, step.client, "disconnect")
                kept = [each for each in self._now.pop(step.client, ()) if each.kept]
                self._away.setdefault(step.client, []).extend(kept)
            case Consume():
                yield from self._consume(at, step)
            case Wait():
                yield from check_wait(at, self._scenario, step, self._first)
            case _:
                pass

    def _subscribe(self, at: At, step: Subscribe) -> Iterator[Problem]:
        yield from _same_client(at, self._first.setdefault(step.client, step), step)
        kept = self._away.get(step.client, [])
        for each in kept:
            yield from _same_terms(at, each, step)
        self._away[step.client] = [each for each in kept if destination_of(each) != destination_of(step)]
        if step.client_id is not None:
            owner = self._owners.setdefault((step.broker, step.client_id), step.client)
            if owner != step.client:
                what = f"{owner} has the client-id {step.client_id} at {step.broker} already"
                yield at.wrong("client-id", what, "a broker knows one client by it: write another")
        self._now.setdefault(step.client, []).append(step)

    def _leave(self, at: At, client: str, verb: str) -> Iterator[Problem]:
        if client not in self._first:
            yield too_early(at, self._scenario, client, self._first)
        elif client not in self._now and (verb == "disconnect" or self._away.get(client)):
            yield at.wrong("client", f"the client {client} has gone already", "let it subscribe again first")

    def _consume(self, at: At, step: Consume) -> Iterator[Problem]:
        if step.queue is not None:
            if protocol(step.over or "") == "mqtt":
                yield at.wrong("over", "MQTT knows topics, not queues", "write over: stomp or amqp")
            if has_wildcard(destination_of(step) or ""):
                yield at.wrong("queue", "messages are taken of one queue", "* and > are wildcards: write a whole name")
            if step.client in self._now:
                right = "remove queue, broker and over to take of its subscription, or give this client another name"
                yield at.wrong("client", f"the client {step.client} is subscribed already", right)
            return
        if step.client not in self._now:
            if step.client in self._first:
                what = f"the client {step.client} has gone, so it has nothing to take"
                yield at.wrong("client", what, "let it subscribe again first, or name a queue, broker and over")
            else:
                yield too_early(at, self._scenario, step.client, self._first)
            return
        manual = [each for each in self._now[step.client] if each.ack != "auto"]
        if not manual:
            what = f"{step.client} acknowledges each message as it comes, so none is left to take"
            right = "subscribe it with ack: client-individual, or wait: {until: received, …}"
            yield at.wrong("client", what, right)
        elif not step.ack and len(manual) == 1 and (most := manual[0].prefetch) is not None and step.count > most:
            what = f"only {most} messages come to {step.client} before it acknowledges one: that is its prefetch"
            yield at.wrong("count", what, f"take at most {most}, or subscribe with a larger prefetch")


def _same_client(at: At, first: Subscribe, step: Subscribe) -> Iterator[Problem]:
    """A client is one connection, so all its subscriptions share what is of the connection."""
    for field in _OF_THE_CONNECTION:
        if getattr(first, field) != getattr(step, field):
            written = field.replace("_", "-")
            before = first.model_dump(mode="json", by_alias=True).get(written)
            what = f"the client {step.client} has {written} {before or 'left out'} in its first subscription"
            yield at.wrong(written, what, "a client is one connection: write the same, or give it another name")


def _same_terms(at: At, kept: Subscribe, step: Subscribe) -> Iterator[Problem]:
    """What is kept for a client is kept on its terms: on others it would be another subscription."""
    if destination_of(kept) != destination_of(step):
        return
    for field in _OF_WHAT_IS_KEPT:
        if getattr(kept, field) != getattr(step, field):
            what = f"what is kept for {step.client} was asked for with {field} {getattr(kept, field) or 'left out'}"
            yield at.wrong(field, what, "write the same, or let it unsubscribe instead of disconnect")
