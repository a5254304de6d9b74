"""The step `consume`: messages are taken one by one, and acknowledged or not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from typing import NamedTuple

from lab.activemq.destinations import destination_of
from lab.base import units
from lab.declare.steps.base import Login
from lab.declare.steps.messages import Consume
from lab.errors import BrokerError, LabTimeout
from lab.history import Achieved, SendOutcome
from lab.replay.callbacks import Callbacks
from lab.replay.listeners import Listener, Listeners
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Outcome, Turn, refused
from lab.runtime.client import Client
from lab.runtime.client_recorder import Unsettled
from lab.runtime.messages import Terms, destination

_INDIVIDUAL = "client-individual"


class Taken(NamedTuple):
    """The number of messages that were taken and, if the step requires it, acknowledged; and the outcome."""

    done: int
    outcome: Outcome


@performers.register(Consume)
def perform_consume(rehearsal: Rehearsal, step: Consume, turn: Turn) -> Outcome:
    """Take messages from a client's subscription, or from a queue over a connection only for this step."""
    listener = rehearsal.recall(Listeners).by_name.get(step.client) if step.login is None else None
    if step.login is not None:
        taken = _of_a_queue(rehearsal, turn.number, step, step.login)
    elif listener is not None:
        taken = _of_subscriptions(rehearsal, step, listener)
    else:
        taken = Taken(0, Outcome(ok=False, note="it is not subscribed to anything"))
    rehearsal.record(
        Achieved(
            t=rehearsal.now(),
            step=turn.number,
            did="taken",
            done=taken.done,
            broker=step.broker or (listener.first.broker if listener is not None else ""),
            destination=destination_of(step) or "",
            client=step.client,
            asked=step.count,
            least=step.at_least,
        )
    )
    return taken.outcome


def _of_subscriptions(rehearsal: Rehearsal, step: Consume, listener: Listener) -> Taken:
    cumulative = frozenset(str(terms.destination) for terms in listener.terms if terms.ack == "client")
    return _take(rehearsal, step, listener.client, listener.callbacks, cumulative)


def _of_a_queue(rehearsal: Rehearsal, number: int, step: Consume, login: Login) -> Taken:
    callbacks = Callbacks(rehearsal, step.client, login)
    begun = rehearsal.now()
    try:
        client = rehearsal.connect(login, callbacks)
    except (BrokerError, LabTimeout) as error:
        callbacks.failed("connect", error, begun)
        return Taken(0, refused(rehearsal, step.client, error))
    rehearsal.recall(Listeners).connections.setdefault(step.client, []).append(callbacks)
    with closing(client):
        return _subscribe_and_take(rehearsal, number, step, client, callbacks)


def _subscribe_and_take(
    rehearsal: Rehearsal, number: int, step: Consume, client: Client, callbacks: Callbacks
) -> Taken:
    """Subscribe, take messages and unsubscribe; the broker takes back unacknowledged messages."""
    recorder, begun = callbacks.recorder, rehearsal.now()
    # Prefetch no more than is taken: the broker would take the rest back, marked as redelivered.
    terms = Terms(destination=destination(step), ack=_INDIVIDUAL, prefetch=1 if step.ack else step.count)
    try:
        client.subscribe(terms)
    except (BrokerError, LabTimeout) as error:
        callbacks.failed("subscribe", error, begun)
        return Taken(0, refused(rehearsal, step.client, error))
    recorder.record(recorder.subscription(terms, number))
    taken = _take(rehearsal, step, client, callbacks, frozenset())
    try:
        client.unsubscribe(terms.destination)
    except (BrokerError, LabTimeout) as error:
        taken = taken._replace(outcome=refused(rehearsal, step.client, error))
    recorder.unsubscribed(terms.destination)
    return taken


def _take(
    rehearsal: Rehearsal, step: Consume, client: Client, callbacks: Callbacks, cumulative: frozenset[str]
) -> Taken:
    """Take messages as they come, and acknowledge them if the step requires it, until enough or the time is over."""
    end = rehearsal.now() + step.within.total_seconds()
    taken, settled = 0, dict.fromkeys(SendOutcome, 0)
    while taken < step.count:
        rehearsal.wait(lambda: bool(callbacks.untaken) or callbacks.lost_because is not None, end - rehearsal.now())
        if not callbacks.untaken:
            break
        batch = _next_batch(step.count - taken, callbacks)
        taken += len(batch)
        for outcome in _settle(client, callbacks, batch, cumulative) if step.ack else ():
            settled[outcome] += 1
    notes = []
    if taken < step.count:
        because = callbacks.lost_because or f"no more came within {units.format_duration(step.within)}"
        notes.append(f"{taken} of {step.count} taken: {because}")
    if unsettled := settled[SendOutcome.FAILED] + settled[SendOutcome.UNKNOWN]:
        notes.append(f"the broker did not confirm {unsettled} of {taken} acknowledgements")
    done = max(taken - unsettled, 0)
    enough = step.at_least is not None and done >= step.at_least
    return Taken(done, Outcome(ok=enough or not notes, note="; ".join(notes)))


def _next_batch(number: int, callbacks: Callbacks) -> list[Unsettled]:
    """Return up to `number` received messages; fewer if the connection is lost meanwhile, which discards them."""
    batch: list[Unsettled] = []
    with suppress(IndexError):
        while len(batch) < number:
            batch.append(callbacks.untaken.popleft())
    return batch


def _settle(
    client: Client, callbacks: Callbacks, batch: Sequence[Unsettled], cumulative: frozenset[str]
) -> list[SendOutcome]:
    """Acknowledge messages; record and return the outcome of each message that an acknowledgement covers."""
    recorder = callbacks.recorder
    covered: list[list[Unsettled]] = []  # by acknowledgement, the acknowledged message last
    for name in dict.fromkeys(message.received.destination for message in batch):
        messages = [message for message in batch if message.received.destination == name]
        covered += [recorder.up_to(messages[-1])] if name in cumulative else [[message] for message in messages]
    outcomes = []
    for outcome, messages in zip(client.acknowledge([each[-1].token for each in covered]), covered, strict=True):
        for message in messages:
            recorder.settled(message, outcome)
            outcomes.append(outcome)
    return outcomes
