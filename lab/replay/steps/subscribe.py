"""The step `subscribe`: a client subscribes, and brokers where messages will be sent learn of it."""

from __future__ import annotations

from collections.abc import Sequence

from lab.declare.steps.base import Step
from lab.declare.steps.subscribe import Subscribe
from lab.errors import BrokerError, LabTimeout
from lab.replay.attempts import record_failure
from lab.replay.bridge_paths import carries, demanded_at, path
from lab.replay.listeners import (
    Listener,
    Listeners,
    await_reconnect,
    durable_terms,
    listen,
    record_change,
    record_subscription,
)
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal
from lab.replay.repliers import Repliers
from lab.replay.turn import Turn
from lab.runtime.messages import Destination, Terms, destination

DEMAND_WITHIN = 5.0  # seconds that a bridge may take to learn of a subscription; measured: 0.1 s and a round trip


def perform(rehearsal: Rehearsal, step: Subscribe, turn: Turn) -> Outcome:
    """Subscribe over the client's connection, or a new one; wait for demand where messages will be sent."""
    terms = _terms(step)
    begun, trying = rehearsal.now(), "connect"
    try:
        listener = _connected(rehearsal, step, terms)
        if step.replies:
            listener.callbacks.answer = rehearsal.recall(Repliers).of(step).answer
        trying = "subscribe"
        listener.client.subscribe(terms)
    except (BrokerError, LabTimeout) as error:
        record_failure(rehearsal, step.login, step.client, trying, error, begun)
        return refused(rehearsal, step.client, error)
    listener.terms.append(terms)
    listener.numbers[terms.destination] = turn.number
    record_subscription(rehearsal, listener, terms)
    return Outcome(note=_await_demand(rehearsal, step.broker, terms.destination, turn.later()))


def _terms(step: Subscribe) -> Terms:
    return Terms(
        destination=destination(step),
        qos=step.qos,
        ack=step.ack,
        durable=step.kept,
        selector=step.selector,
        prefetch=step.prefetch,
        replies=step.replies,
    )


def _connected(rehearsal: Rehearsal, step: Subscribe, terms: Terms) -> Listener:
    """Return the client with its connection, or with a new one if it has none or lost it."""
    listeners = rehearsal.recall(Listeners)
    listener = listeners.by_name.get(step.client)
    before = step.client in listeners.connections
    kept = listeners.kept.pop(step.client, ())
    if listener is not None:
        await_reconnect(rehearsal, listener)
        if listener.callbacks.lost_because is None:
            return listener
        listener.left = True
        kept = durable_terms(listener)
    connected = listen(rehearsal, step, (*kept, terms))
    if before:
        record_change(rehearsal, connected, "returned")
    return connected


def _await_demand(rehearsal: Rehearsal, broker: str, to: Destination, later: Sequence[Step]) -> str:
    """Wait until brokers where messages will be sent have demand; return in words which have not.

    A broker that is down, or has no open path, is not waited for.
    """
    unaware, links = [], rehearsal.service.links
    end = rehearsal.now() + DEMAND_WITHIN
    for sender in demanded_at(rehearsal.plan, broker, str(to), later):
        hopeful = not rehearsal.service.down(sender) and carries(rehearsal.plan, sender, broker, links)
        present = _demand_comes(rehearsal, sender, to, end - rehearsal.now() if hopeful else 0.0)
        rehearsal.demand(sender, to, present=present)
        if not present:
            unaware.append(sender)
        elif len(rehearsal.plan.brokers) > 2:
            # It may be another subscriber's, on another broker: then this one's is on its way still.
            for here, there in path(rehearsal.plan, sender, broker, links):
                if not rehearsal.service.down(here):
                    _demand_comes(rehearsal, here, to, end - rehearsal.now(), towards=there)
    return f"no demand on {', '.join(unaware)}" if unaware else ""


def _demand_comes(
    rehearsal: Rehearsal, broker: str, to: Destination, seconds: float, *, towards: str | None = None
) -> bool:
    try:
        return rehearsal.wait(lambda: rehearsal.lab.demand(broker, to, towards), seconds)
    except (BrokerError, LabTimeout) as error:
        rehearsal.trouble(broker, f"cannot be asked for its demand: {error.what}")
        return False
