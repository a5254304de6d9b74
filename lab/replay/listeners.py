"""Clients that listen, their connections, and how each comes back when that was lost: as told, and never silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from threading import Lock

from lab.declare.steps.subscribe import Subscribe
from lab.errors import BrokerError, LabTimeout
from lab.history import ClientChanged, Subscribed
from lab.replay.callbacks import Callbacks
from lab.replay.rehearsal import Rehearsal
from lab.replay.tasks import Tasks
from lab.runtime.client import Client
from lab.runtime.messages import Destination, Session, Terms


@dataclass(slots=True, kw_only=True)
class Listener:
    """A client that listens, and all it asked for."""

    first: Subscribe  # what is of the connection is the same in all its subscriptions
    client: Client
    callbacks: Callbacks
    terms: list[Terms] = field(default_factory=list)
    numbers: dict[Destination, int] = field(default_factory=dict)  # of the steps that subscribed
    returning: bool = False  # its connection was lost, and it is about to have another
    turn: Lock = field(default_factory=Lock)  # for whoever changes that
    left: bool = False  # it goes of its own will


class Listeners:
    """The clients that listen, and what is kept for those that went."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.by_name: dict[str, Listener] = {}
        self.kept: dict[str, tuple[Terms, ...]] = {}  # by client that disconnected: what its broker keeps for it
        self.connections: dict[str, list[Callbacks]] = {}  # by client, those of its earlier connections too
        self.returns = Tasks(rehearsal.clock, rehearsal.fail)  # of clients that lost their connection
        self.closing = False  # nobody is to come back any more

    @property
    def returning(self) -> bool:
        """Return whether some client is about to come back."""
        return any(each.returning for each in tuple(self.by_name.values()))


def listen(rehearsal: Rehearsal, step: Subscribe, kept: Sequence[Terms]) -> Listener:
    """Connect a client that is to listen; what its broker kept for it may come at once."""
    client, callbacks = _connect(rehearsal, step, kept)
    listener = Listener(first=step, client=client, callbacks=callbacks)
    rehearsal.recall(Listeners).by_name[step.client] = listener
    _attend(rehearsal, listener)
    return listener


def subscribed(rehearsal: Rehearsal, listener: Listener, terms: Terms) -> None:
    """Record that a broker accepted a subscription."""
    rehearsal.record(
        Subscribed(
            t=rehearsal.now(),
            client=listener.first.client,
            broker=listener.first.broker,
            over=listener.first.over,
            destination=str(terms.destination),
            step=listener.numbers[terms.destination],
            durable=terms.durable,
            selector=terms.selector,
            ack=terms.ack,
        )
    )


def changed(rehearsal: Rehearsal, listener: Listener, state: str, note: str = "") -> None:
    """Record that a client came or went."""
    step = listener.first
    rehearsal.record(ClientChanged(t=rehearsal.now(), client=step.client, broker=step.broker, state=state, note=note))


def await_returns(rehearsal: Rehearsal) -> None:
    """Let nobody try again from now on, and return when nobody does."""
    listeners = rehearsal.recall(Listeners)
    listeners.closing = True
    rehearsal.clock.notify()
    rehearsal.wait(lambda: not listeners.returning, inf)


def durable(listener: Listener) -> tuple[Terms, ...]:
    """Return what its broker keeps for it while it is away."""
    return tuple(terms for terms in listener.terms if terms.durable)


def leaving(rehearsal: Rehearsal, client: str) -> Listener | None:
    """Return a client that is to go, when it is not just about to come back."""
    listeners = rehearsal.recall(Listeners).by_name
    listener = listeners.get(client)
    if listener is None:
        return None
    listener.left = True
    rehearsal.clock.notify()
    await_return(rehearsal, listener)
    del listeners[client]
    return listener


def await_return(rehearsal: Rehearsal, listener: Listener) -> None:
    """Wait until a client is not just about to come back."""
    rehearsal.wait(lambda: not listener.returning, inf)


def _connect(rehearsal: Rehearsal, step: Subscribe, kept: Sequence[Terms]) -> tuple[Client, Callbacks]:
    callbacks = Callbacks(rehearsal, step.client)
    client = rehearsal.lab.connect(
        client=step.client,
        broker=step.broker,
        over=step.over,
        user=rehearsal.user(step.broker, step.user),
        events=callbacks,
        session=Session(client_id=step.client_id, clean=step.clean_session, kept=tuple(kept)),
    )
    rehearsal.closing.callback(client.close)
    rehearsal.recall(Listeners).connections.setdefault(step.client, []).append(callbacks)
    return client, callbacks


def _attend(rehearsal: Rehearsal, listener: Listener) -> None:
    """Have the loss of its connection recorded, and answered as its first subscription tells."""
    callbacks, listeners = listener.callbacks, rehearsal.recall(Listeners)

    def lost() -> None:
        changed(rehearsal, listener, "lost", callbacks.lost_because or "")
        callbacks.untaken.clear()  # the broker gives again what was not acknowledged
        callbacks.unsettled.clear()
        if listener.first.reconnect is None or listener.left or listeners.closing:
            return
        with listener.turn:
            already, listener.returning = listener.returning, True
        if not already:
            listeners.returns.begin(f"return-{listener.first.client}", lambda: _return(rehearsal, listener))

    callbacks.when_lost(lost)


def _return(rehearsal: Rehearsal, listener: Listener) -> None:
    """Try again, as often and with as much time in between as was told."""
    try:
        while _tried(rehearsal, listener):
            with listener.turn:
                if listener.callbacks.lost_because is None:
                    listener.returning = False
                    return
    finally:
        listener.returning = False
        rehearsal.clock.notify()


def _tried(rehearsal: Rehearsal, listener: Listener) -> bool:
    """Try until it is back; False where it gave up, or is not to come back any more."""
    reconnect = listener.first.reconnect
    listeners = rehearsal.recall(Listeners)
    assert reconnect is not None, "who is not told to come back does not"
    for attempt in range(1, reconnect.tries + 1):
        if rehearsal.wait(lambda: listener.left or listeners.closing, reconnect.after.total_seconds()):
            return False
        if _back(rehearsal, listener, f"try {attempt} of {reconnect.tries}"):
            return True
    changed(rehearsal, listener, "gave-up", f"after {reconnect.tries} tries")
    return False


def _back(rehearsal: Rehearsal, listener: Listener, which: str) -> bool:
    """Connect and subscribe to all as before, and tell whether that went well."""
    client: Client | None = None
    try:
        client, callbacks = _connect(rehearsal, listener.first, listener.terms)
        rehearsal.check()  # the replay may have ended meanwhile, and nobody would close this any more
        for terms in listener.terms:
            client.subscribe(terms)
    except (BrokerError, LabTimeout) as error:
        changed(rehearsal, listener, "refused", f"{which}: {error.what}")
        if client is not None:
            client.close()
        return False
    except BaseException:
        if client is not None:
            client.close()
        raise
    listener.client, listener.callbacks = client, callbacks
    for terms in listener.terms:
        subscribed(rehearsal, listener, terms)
    changed(rehearsal, listener, "returned", which)
    _attend(rehearsal, listener)
    return True
