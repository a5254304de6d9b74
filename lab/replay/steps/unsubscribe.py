"""The step `unsubscribe`: a client ends its subscriptions, and disconnects."""

from __future__ import annotations

from lab.declare.steps.unsubscribe import Unsubscribe
from lab.errors import BrokerError, LabTimeout
from lab.replay.listeners import remove
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Turn


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
