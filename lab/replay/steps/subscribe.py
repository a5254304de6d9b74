"""The steps of clients that listen: subscribe, unsubscribe, disconnect."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from lab.declare.steps.base import Step
from lab.declare.steps.disconnect import Disconnect
from lab.declare.steps.subscribe import Subscribe
from lab.declare.steps.unsubscribe import Unsubscribe
from lab.errors import BrokerError, LabTimeout
from lab.history import Unsubscribed
from lab.replay.bridge_paths import carries, demanded_at
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal
from lab.replay.returning import Listener, changed, listen, subscribed
from lab.replay.steps import connect as attempts
from lab.runtime.messages import Destination, Terms, destination

DEMAND_WITHIN = 5.0  # seconds that a bridge may take to learn of a subscription; measured: 0.1 s and a round trip


def subscribe(rehearsal: Rehearsal, number: int, step: Subscribe, later: Sequence[Step]) -> Outcome:
    """Subscribe, over the client's connection where it has one, and wait until those who will send know of it."""
    terms = _terms(step)
    begun, trying = rehearsal.now(), "connect"
    try:
        listener = _connected(rehearsal, step, terms)
        trying = "subscribe"
        listener.client.subscribe(terms)
    except (BrokerError, LabTimeout) as error:
        attempts.failed(rehearsal, step, step.client, trying, error, begun)
        return refused(rehearsal, step.client, error)
    listener.terms.append(terms)
    listener.numbers[terms.destination] = number
    subscribed(rehearsal, listener, terms)
    rehearsal.last_change[step.verb] = rehearsal.now()
    return Outcome(note=_await_demand(rehearsal, step.broker, terms.destination, later))


def unsubscribe(rehearsal: Rehearsal, step: Unsubscribe) -> Outcome:
    """End all subscriptions of a client, and let it go."""
    listener = _leaving(rehearsal, step.client)
    if listener is None:
        return Outcome(ok=False, note="it was not subscribed to anything")
    try:
        for each in dict.fromkeys(terms.destination for terms in listener.terms):
            listener.client.unsubscribe(each)
            rehearsal.record(
                Unsubscribed(t=rehearsal.now(), client=step.client, broker=listener.first.broker, destination=str(each))
            )
    except (BrokerError, LabTimeout) as error:
        return refused(rehearsal, step.client, error)
    finally:
        listener.client.close()
    rehearsal.last_change[step.verb] = rehearsal.now()
    return Outcome()


def disconnect(rehearsal: Rehearsal, step: Disconnect) -> Outcome:
    """Let a client go without ending what is durable of its subscriptions."""
    listener = _leaving(rehearsal, step.client)
    if listener is None:
        return Outcome(ok=False, note="it was not subscribed to anything")
    lost = listener.ear.lost_because
    listener.client.close()
    rehearsal.kept[step.client] = _durable(listener)
    changed(rehearsal, listener, "disconnected")
    rehearsal.last_change[step.verb] = rehearsal.now()
    return Outcome(ok=lost is None, note="" if lost is None else f"it had gone already: {lost}")


def _terms(step: Subscribe) -> Terms:
    return Terms(
        destination=destination(step),
        qos=step.qos,
        ack=step.ack,
        durable=step.kept,
        selector=step.selector,
        prefetch=step.prefetch,
    )


def _connected(rehearsal: Rehearsal, step: Subscribe, terms: Terms) -> Listener:
    """Return a client with a connection: the one it has, or a new one where it has none or lost it."""
    listener = rehearsal.listeners.get(step.client)
    before = step.client in rehearsal.ears
    kept = rehearsal.kept.pop(step.client, ())
    if listener is not None:
        _await_return(rehearsal, listener)
        if listener.ear.lost_because is None:
            return listener
        listener.left = True
        kept = _durable(listener)
    connected = listen(rehearsal, step, (*kept, terms))
    if before:
        changed(rehearsal, connected, "returned")
    return connected


def _durable(listener: Listener) -> tuple[Terms, ...]:
    return tuple(terms for terms in listener.terms if terms.durable)


def _leaving(rehearsal: Rehearsal, client: str) -> Listener | None:
    """Return a client that is to go, when it is not just about to come back."""
    listener = rehearsal.listeners.get(client)
    if listener is None:
        return None
    listener.left = True
    rehearsal.clock.notify()
    _await_return(rehearsal, listener)
    del rehearsal.listeners[client]
    return listener


def _await_return(rehearsal: Rehearsal, listener: Listener) -> None:
    rehearsal.wait(lambda: not listener.returning, inf)


def _await_demand(rehearsal: Rehearsal, broker: str, to: Destination, later: Sequence[Step]) -> str:
    """Wait until brokers that will send there know of it, and say which do not; in vain where no link is open."""
    unaware = []
    end = rehearsal.now() + DEMAND_WITHIN
    for sender in demanded_at(rehearsal.plan, broker, str(to), later):
        hopeful = not rehearsal.service.down(sender) and carries(rehearsal.plan, sender, broker, rehearsal.links)
        present = _demand_comes(rehearsal, sender, to, end - rehearsal.now() if hopeful else 0.0)
        rehearsal.demand(sender, to, present=present)
        if not present:
            unaware.append(sender)
    return f"no demand on {', '.join(unaware)}" if unaware else ""


def _demand_comes(rehearsal: Rehearsal, broker: str, to: Destination, seconds: float) -> bool:
    try:
        return rehearsal.wait(lambda: rehearsal.lab.demand(broker, to), seconds)
    except (BrokerError, LabTimeout) as error:
        rehearsal.trouble(broker, f"cannot be asked for its demand: {error.what}")
        return False
