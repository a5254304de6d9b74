"""The steps of clients: a client subscribes, and brokers where messages will be sent learn of it; or it leaves."""

from __future__ import annotations

from collections.abc import Sequence

from lab.activemq.destinations import has_wildcard, hears
from lab.declare.steps.base import Step
from lab.declare.steps.clients import Connect, Disconnect, Subscribe, Unsubscribe
from lab.errors import BrokerError, LabTimeout
from lab.replay.bridge_paths import carries, demanded_at, path
from lab.replay.callbacks import Callbacks
from lab.replay.listeners import Listener, Listeners, await_reconnect, durable_terms, listen, remove
from lab.replay.rehearsal import Rehearsal
from lab.replay.repliers import Repliers
from lab.replay.steps import performers
from lab.replay.turn import Outcome, Turn, refused
from lab.runtime.messages import Approach, Destination, Terms, destination

DEMAND_WITHIN = 5.0  # seconds that a bridge may take to learn of a subscription; measured: 0.1 s and a round trip


@performers.register(Subscribe)
def perform_subscribe(rehearsal: Rehearsal, step: Subscribe, turn: Turn) -> Outcome:
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
        Callbacks(rehearsal, step.client, step.login).failed(trying, error, begun)
        return refused(rehearsal, step.client, error)
    listener.terms.append(terms)
    listener.numbers[terms.destination] = turn.number
    listener.record_subscription(terms)
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
        connected.recorder.changed("returned")
    return connected


def _await_demand(rehearsal: Rehearsal, broker: str, to: Destination, later: Sequence[Step]) -> str:
    """Wait until brokers where messages will be sent have demand; return in words which have not.

    A broker that is down, or has no open path, is not waited for.
    """
    unaware, links = [], rehearsal.service.links
    end = rehearsal.now() + DEMAND_WITHIN
    for sender in demanded_at(rehearsal.plan, broker, str(to), later):
        hopeful = not rehearsal.service.down(sender) and carries(rehearsal.plan, sender, broker, links)
        patience = end - rehearsal.now() if hopeful else 0.0
        instead = _sent(sender, to, later)
        wanted = _demand_comes(rehearsal, sender, (to,), instead, patience)
        for each in wanted or (to, *instead):
            rehearsal.demand(sender, each, present=bool(wanted))
        if not wanted:
            unaware.append(sender)
        elif len(rehearsal.plan.brokers) > 2:
            # It may be another subscriber's, on another broker: then this one's is on its way still.
            for here, there in path(rehearsal.plan, sender, broker, links):
                if not rehearsal.service.down(here):
                    _demand_comes(rehearsal, here, wanted, (), end - rehearsal.now(), towards=there)
    return f"no demand on {', '.join(unaware)}" if unaware else ""


def _sent(broker: str, to: Destination, later: Sequence[Step]) -> tuple[Destination, ...]:
    """Return the destinations of later steps that a subscription with a wildcard hears; nothing without one.

    A bridge's consumer on each of these will do: nothing else is sent.
    """
    if not has_wildcard(str(to)):
        return ()
    steps = [step for step in later if step.login is not None and step.login.broker == broker]
    sent = dict.fromkeys(each for step in steps for each in step.sends_to if hears(str(to), each))
    return tuple(map(Destination.of, sent))


def _demand_comes(
    rehearsal: Rehearsal,
    broker: str,
    destinations: Sequence[Destination],
    instead: Sequence[Destination],
    seconds: float,
    *,
    towards: str | None = None,
) -> Sequence[Destination]:
    """Wait for demand for all of some destinations, or all of others; return those that have it, () if none have."""

    demanded: list[Destination] = []

    def come() -> bool:
        for its in (destinations, instead):
            if its and all(rehearsal.lab.management.demand(broker, each, towards) for each in its):
                demanded[:] = its
                return True
        return False

    try:
        rehearsal.wait(come, seconds)
    except (BrokerError, LabTimeout) as error:
        rehearsal.trouble(broker, f"cannot be asked for its demand: {error.what}")
    return demanded


@performers.register(Unsubscribe)
def perform_unsubscribe(rehearsal: Rehearsal, step: Unsubscribe, turn: Turn) -> Outcome:
    """End all subscriptions of a client, and close its connection."""
    listener = remove(rehearsal, step.client)
    if listener is None:
        return Outcome(ok=False, note="it was not subscribed to anything")
    try:
        for each in dict.fromkeys(terms.destination for terms in listener.terms):
            listener.client.unsubscribe(each)
            listener.recorder.unsubscribed(each)
    except (BrokerError, LabTimeout) as error:
        return refused(rehearsal, step.client, error)
    finally:
        listener.client.close()
    return Outcome()


@performers.register(Disconnect)
def perform_disconnect(rehearsal: Rehearsal, step: Disconnect, turn: Turn) -> Outcome:
    """Close a client's connection without ending its durable subscriptions; a lost connection counts as closed."""
    listener = remove(rehearsal, step.client)
    if listener is None:
        return Outcome(ok=False, note="it was not subscribed to anything")
    lost = listener.callbacks.lost_because
    listener.client.close()
    rehearsal.recall(Listeners).kept[step.client] = durable_terms(listener)
    listener.recorder.changed("disconnected")
    return Outcome(note="" if lost is None else f"it had already lost its connection: {lost}")


@performers.register(Connect)
def perform_connect(rehearsal: Rehearsal, step: Connect, turn: Turn) -> Outcome:
    """Try to log in, disconnect at once, and record the outcome."""
    callbacks, begun = Callbacks(rehearsal, step.client, step.login), rehearsal.now()
    outcome, note = "ok", ""
    try:
        approach = Approach(knows_password=step.password == "right", tls=step.tls, within=step.within.total_seconds())
        client = rehearsal.connect(step.login, callbacks, approach=approach)
    except (BrokerError, LabTimeout) as error:
        outcome, note = error.how, error.what
    else:
        client.close()
    callbacks.recorder.attempted("connect", outcome, note, begun, step.login.destination)
    return Outcome(ok=outcome == "ok", note="it was let in" if outcome == "ok" else f"{outcome}: {note}")
