"""Clients with subscriptions: they connect, and reconnect after a loss as their steps require."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from math import inf

from lab.base.dataclass import dataclass
from lab.declare.steps.clients import Subscribe
from lab.errors import BrokerError, LabTimeout
from lab.replay.callbacks import Callbacks
from lab.replay.rehearsal import Rehearsal
from lab.replay.repliers import Repliers
from lab.replay.tasks import Tasks
from lab.runtime.client import Client
from lab.runtime.client_recorder import ClientRecorder
from lab.runtime.lock import Lock
from lab.runtime.messages import Destination, Session, Terms


@dataclass(slots=True, kw_only=True)
class Listener:
    """A connected client and its subscriptions."""

    first: Subscribe  # its first step: the terms of the connection, which all its subscriptions share
    client: Client
    callbacks: Callbacks
    terms: list[Terms] = field(default_factory=list)
    numbers: dict[Destination, int] = field(default_factory=dict)  # of the steps that subscribed
    reconnecting: bool = False  # whether a task is trying to replace its lost connection
    lock: Lock = field(default_factory=Lock)  # for `reconnecting`
    left: bool = False  # whether a step has let it leave

    @property
    def recorder(self) -> ClientRecorder:
        """Return the recorder of the client's connection."""
        return self.callbacks.recorder

    def record_subscription(self, terms: Terms) -> None:
        """Record that the broker accepted a subscription."""
        self.recorder.record(self.recorder.subscription(terms, self.numbers[terms.destination]))


class Listeners:
    """The clients with subscriptions, and the subscriptions kept for those that disconnected."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.by_name: dict[str, Listener] = {}
        self.kept: dict[str, tuple[Terms, ...]] = {}  # by disconnected client: the subscriptions that its broker keeps
        self.connections: dict[str, list[Callbacks]] = {}  # by client, earlier connections included
        self.reconnects = Tasks(rehearsal.clock, rehearsal.fail)  # one for each client that lost its connection
        self.closing = False  # whether no client is to reconnect any more

    @property
    def reconnecting(self) -> bool:
        """Return whether any client is trying to reconnect."""
        return any(each.reconnecting for each in tuple(self.by_name.values()))


def listen(rehearsal: Rehearsal, step: Subscribe, kept: Sequence[Terms]) -> Listener:
    """Return a new client, connected; messages of the `kept` subscriptions may arrive at once."""
    client, callbacks = _connect(rehearsal, step, kept)
    listener = Listener(first=step, client=client, callbacks=callbacks)
    rehearsal.recall(Listeners).by_name[step.client] = listener
    _watch_connection(rehearsal, listener)
    return listener


def end_reconnects(rehearsal: Rehearsal) -> None:
    """Let no client reconnect from now on, and wait until no client tries to."""
    listeners = rehearsal.recall(Listeners)
    listeners.closing = True
    rehearsal.clock.notify()
    rehearsal.wait(lambda: not listeners.reconnecting, inf)


def durable_terms(listener: Listener) -> tuple[Terms, ...]:
    """Return the subscriptions that a broker keeps for a client while it is away."""
    return tuple(terms for terms in listener.terms if terms.durable)


def remove(rehearsal: Rehearsal, client: str) -> Listener | None:
    """Remove a client from the listeners and return it, once it is not reconnecting; None if it is unknown."""
    listeners = rehearsal.recall(Listeners).by_name
    listener = listeners.get(client)
    if listener is None:
        return None
    listener.left = True
    rehearsal.clock.notify()
    await_reconnect(rehearsal, listener)
    del listeners[client]
    return listener


def await_reconnect(rehearsal: Rehearsal, listener: Listener) -> None:
    """Wait until a client is not reconnecting."""
    rehearsal.wait(lambda: not listener.reconnecting, inf)


def _connect(rehearsal: Rehearsal, step: Subscribe, kept: Sequence[Terms]) -> tuple[Client, Callbacks]:
    callbacks = Callbacks(rehearsal, step.client, step.login)
    if (replier := rehearsal.recall(Repliers).by_client.get(step.client)) is not None:
        callbacks.answer = replier.answer
    session = Session(client_id=step.client_id, clean=step.clean_session, kept=tuple(kept))
    client = rehearsal.connect(step.login, callbacks, session=session)
    rehearsal.closing.callback(client.close)
    rehearsal.recall(Listeners).connections.setdefault(step.client, []).append(callbacks)
    return client, callbacks


def _watch_connection(rehearsal: Rehearsal, listener: Listener) -> None:
    """Record the loss of the connection when it comes, and reconnect if the client's first step has `reconnect`."""
    callbacks, listeners = listener.callbacks, rehearsal.recall(Listeners)

    def lost() -> None:
        callbacks.recorder.changed("lost", callbacks.lost_because or "")
        callbacks.untaken.clear()  # the broker sends unacknowledged messages again
        callbacks.recorder.unsettled.clear()
        if listener.first.reconnect is None or listener.left or listeners.closing:
            return
        with listener.lock:
            already, listener.reconnecting = listener.reconnecting, True
        if not already:
            listeners.reconnects.begin(f"return-{listener.first.client}", lambda: _reconnect(rehearsal, listener))

    callbacks.when_lost(lost)


def _reconnect(rehearsal: Rehearsal, listener: Listener) -> None:
    """Reconnect, and again if that connection is lost meanwhile."""
    while _try_all(rehearsal, listener):
        with listener.lock:  # a loss after this block begins another task, which sets the mark again
            if listener.callbacks.lost_because is None:
                listener.reconnecting = False
                return
    listener.reconnecting = False


def _try_all(rehearsal: Rehearsal, listener: Listener) -> bool:
    """Try to reconnect as often as the step requires; return False if all tries failed, or if the client must leave."""
    reconnect = listener.first.reconnect
    listeners = rehearsal.recall(Listeners)
    assert reconnect is not None, "only a client with reconnect reconnects"
    for attempt in range(1, reconnect.tries + 1):
        if rehearsal.wait(lambda: listener.left or listeners.closing, reconnect.after.total_seconds()):
            return False
        if _try_once(rehearsal, listener, f"try {attempt} of {reconnect.tries}"):
            return True
    listener.recorder.changed("gave-up", f"after {reconnect.tries} tries")
    return False


def _try_once(rehearsal: Rehearsal, listener: Listener, which: str) -> bool:
    """Connect, and subscribe to all destinations again; return whether both succeeded."""
    client: Client | None = None
    try:
        client, callbacks = _connect(rehearsal, listener.first, listener.terms)
        rehearsal.check()  # the replay may have ended meanwhile: then this client must be closed here
        for terms in listener.terms:
            client.subscribe(terms)
    except (BrokerError, LabTimeout) as error:
        listener.recorder.changed("refused", f"{which}: {error.what}")
        if client is not None:
            client.close()
        return False
    except BaseException:
        if client is not None:
            client.close()
        raise
    listener.client, listener.callbacks = client, callbacks
    for terms in listener.terms:
        listener.record_subscription(terms)
    listener.recorder.changed("returned", which)
    _watch_connection(rehearsal, listener)
    return True
