"""The step `browse`: it records the messages of a queue that a broker shows, and the queue's size."""

from __future__ import annotations

from contextlib import closing

from lab.activemq.matching import identify
from lab.base import units
from lab.declare.steps.browse import Browse
from lab.errors import BrokerError, LabTimeout
from lab.history import Browsed
from lab.replay.callbacks import Callbacks
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Turn
from lab.runtime.messages import Look, destination


@performers.register(Browse)
def perform_browse(rehearsal: Rehearsal, step: Browse, turn: Turn) -> Outcome:
    """Connect only for this step, browse, and record the messages."""
    callbacks, queue = Callbacks(rehearsal, step.client, step.login), destination(step)
    begun, trying = rehearsal.now(), "connect"
    try:
        client = rehearsal.connect(
            client=step.client,
            broker=step.broker,
            over=step.over,
            user=rehearsal.user(step.broker, step.user),
            events=callbacks,
        )
        trying = "browse"
        with closing(client):
            look = client.browse(queue, step.within.total_seconds())
    except (BrokerError, LabTimeout) as error:
        callbacks.failed(trying, error, begun)
        return refused(rehearsal, step.client, error)
    seen = _record(rehearsal, step, turn.number, look)
    number = len(seen.ids) + seen.others
    if not look.ended:
        within = units.format_duration(step.within)
        return Outcome(
            ok=False, note=f"{number} seen, and the broker did not confirm within {within} that this was all"
        )
    return Outcome(note=f"{number} seen" + (f" of {seen.waiting}" if (seen.waiting or 0) > number else ""))


def _record(rehearsal: Rehearsal, step: Browse, number: int, look: Look) -> Browsed:
    """Record the messages that a browser showed; messages of other runs are only counted."""
    found = [identify(message.body, message.headers, rehearsal.run)[0] for message in look.messages]
    ids = [each for each in found if each is not None]
    seen = Browsed(
        t=rehearsal.now(),
        step=number,
        client=step.client,
        broker=step.broker,
        over=step.over,
        destination=str(destination(step)),
        ids=tuple(ids),
        others=len(found) - len(ids),
        ended=look.ended,
        waiting=_waiting(rehearsal, step),
    )
    rehearsal.record(seen)
    return seen


def _waiting(rehearsal: Rehearsal, step: Browse) -> int | None:
    """Return the size of the queue that the broker reports; None if it does not answer."""
    try:
        counted = rehearsal.lab.management.destinations([(step.broker, destination(step))])
    except (BrokerError, LabTimeout):
        return None
    return counted[0].queued if counted else None
