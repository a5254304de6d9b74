"""The step `disconnect`: a client goes, and leaves behind what is durable."""

from __future__ import annotations

from lab.declare.steps.disconnect import Disconnect
from lab.replay.listeners import Listeners, changed, durable, leaving
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: Disconnect, turn: Turn) -> Outcome:
    """Let a client go without ending what is durable of its subscriptions."""
    listener = leaving(rehearsal, step.client)
    if listener is None:
        return Outcome(ok=False, note="it was not subscribed to anything")
    lost = listener.callbacks.lost_because
    listener.client.close()
    rehearsal.recall(Listeners).kept[step.client] = durable(listener)
    changed(rehearsal, listener, "disconnected")
    return Outcome(ok=lost is None, note="" if lost is None else f"it had gone already: {lost}")
