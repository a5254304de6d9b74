"""Writes the history that a lab would have recorded of a world: what its clients showed, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from math import inf
from typing import Any

from lab.history import (
    Achieved,
    Acknowledged,
    ClientChanged,
    Ended,
    Header,
    LinkChanged,
    Observation,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Settled,
    SightChanged,
    StepEnded,
    StepStarted,
    Subscribed,
    Trouble,
    Unsubscribed,
)
from tests.judge.truths.scene import NOTICED, Arrival, Message, Publication, Subscription, World, as_text

TOOK = 0.001  # seconds of a step that cuts or heals a link


def header(world: World) -> Header:
    """Return the first line of the history of a world."""
    brokers = {name: {"region": name} for name in world.brokers}
    return Header(
        run="r", scenario="a truth", seed=world.seed, runtime="emulation", started="2026-08-21T10:15:00Z", mqlab="0",
        declared={"topology": {"regions": {}, "brokers": brokers}},
    )  # fmt: skip


def observations(world: World) -> list[Observation]:
    """Return all other lines, in order; of a run that was cut short those before its end."""
    seen = [*_clients(world), *_links(world)]
    for publication in world.publications:
        seen += _publication(publication)
    for its in world.subscriptions:
        for arrival in its.arrivals:
            seen += _arrival(its, arrival)
        seen += (
            Received(t=t, client=its.client, destination=its.destination, digest=digest(f"strange {t}".encode()))
            for t in its.strange
        )
    seen = sorted((each for each in seen if each.t <= world.end), key=lambda each: each.t)
    return [*seen, Ended(t=world.end, complete=True)] if world.complete else seen


def digest(body: bytes) -> str:
    """Return the digest by which a body is known."""
    return blake2b(body, digest_size=8).hexdigest()


def _clients(world: World) -> Iterator[Observation]:
    gone = set()
    for its in world.subscriptions:
        to = {"client": its.client, "broker": its.broker, "destination": its.destination}
        selector = None if its.region is None else f"region = '{its.region}'"
        before = ""
        for stay in its.stays:
            ack = "client" if its.acknowledges else "auto"
            yield Subscribed(t=stay.begin, over=its.over, step=1, durable=its.durable, selector=selector, ack=ack, **to)
            if before == "lost":
                yield ClientChanged(t=stay.begin + 1e-5, client=its.client, broker=its.broker, state="returned")
            before = stay.how
            if stay.how == "unsubscribed":
                yield Unsubscribed(t=stay.end, **to)
            elif stay.how != "stays" and (its.client, stay.end) not in gone:
                gone.add((its.client, stay.end))
                if stay.how == "lost":
                    yield Trouble(t=stay.end, who=its.client, what="the connection was reset")
                yield ClientChanged(t=stay.end, client=its.client, broker=its.broker, state=stay.how)


def _links(world: World) -> Iterator[Observation]:
    for cut in world.cuts:
        one, other = sorted(cut.between)
        for leaving, reaching in ((one, other), (other, one)):
            of = {"link": f"{one}-{other}", "leaving": leaving, "reaching": reaching, "impairment": "none"}
            yield LinkChanged(t=cut.begin, state="cut", **of)
            yield LinkChanged(t=cut.end, state="open", **of)
    for each in world.silences:
        yield SightChanged(t=each.begin + NOTICED, broker=each.broker, of="management", state="lost", since=each.begin)
        yield SightChanged(t=each.end, broker=each.broker, of="management", state="regained", since=each.end)
    for number, cut in enumerate(world.cuts):
        link = "-".join(sorted(cut.between))
        for step, verb, t in ((2 * number + 31, "cut", cut.begin), (2 * number + 32, "heal", cut.end)):
            yield StepStarted(t=t - TOOK, step=step, verb=verb, asked=link)
            yield StepEnded(t=t, step=step)


def _publication(its: Publication) -> Iterator[Observation]:
    asked = f"{its.client} to {its.destination}"
    yield StepStarted(t=its.begin, step=its.step, verb="publish", asked=asked, name=f"s{its.step}")
    yield Publishing(
        t=its.begin, step=its.step, client=its.client, broker=its.broker, over=its.over, destination=its.destination,
        persistent=its.persistent, body="given" if its.given else "generated", count=its.asked, retained=its.retained,
        headers={} if its.region is None else {"region": its.region}, expiry_s=its.expiry,
    )  # fmt: skip
    for message in its.messages:
        yield _sent(message)
        if message.outcome is not None and message.answered < inf:
            yield Acknowledged(t=message.answered, id=message.id, outcome=SendOutcome(message.outcome))
    done = sum(message.known for message in its.messages)
    yield StepEnded(t=its.end, step=its.step, ok=done >= (its.asked if its.least is None else its.least))
    yield Achieved(
        t=its.end, step=its.step, did="sent", done=done, broker=its.broker, destination=its.destination,
        asked=its.asked, least=its.least,
    )  # fmt: skip


def _arrival(its: Subscription, arrival: Arrival) -> Iterator[Observation]:
    names = _names(arrival.message, arrival.by)
    to: dict[str, Any] = {"client": its.client, "destination": its.destination}
    yield Received(
        t=arrival.t, retained=arrival.retained, redelivered=arrival.redelivered, pending=arrival.pending, **to, **names
    )
    if arrival.settled is not None:
        outcome = SendOutcome.UNKNOWN if arrival.doubtful else SendOutcome.OK
        yield Settled(t=arrival.settled, outcome=outcome, **to, **names)


def _sent(message: Message) -> Sent:
    body = message.body
    if body is None:
        return Sent(t=message.sent, id=message.id)
    text = as_text(body)
    return Sent(
        t=message.sent, id=message.id, digest=digest(body), digest_as_text=None if text == body else digest(text),
        size=len(body),
    )  # fmt: skip


def _names(message: Message, by: str) -> dict[str, str]:
    if by == "id" or message.body is None:
        return {"id": message.id}
    return {"digest": digest(as_text(message.body) if by == "text" else message.body)}
