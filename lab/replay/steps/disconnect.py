"""The step `disconnect`: a client closes its connection, and its durable subscriptions are kept."""

from __future__ import annotations

from lab.declare.steps.disconnect import Disconnect
from lab.replay.listeners import Listeners, durable_terms, remove
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Turn


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
