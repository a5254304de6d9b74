"""The step `connect`: a client logs in, or is refused."""

from __future__ import annotations

from lab.declare.steps.connect import Connect
from lab.errors import BrokerError, LabTimeout
from lab.replay.callbacks import Callbacks
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Turn
from lab.runtime.messages import Approach


@performers.register(Connect)
def perform_connect(rehearsal: Rehearsal, step: Connect, turn: Turn) -> Outcome:
    """Try to log in, disconnect at once, and record the outcome."""
    callbacks, begun = Callbacks(rehearsal, step.client, step.login), rehearsal.now()
    outcome, note = "ok", ""
    try:
        client = rehearsal.connect(
            client=step.client,
            broker=step.broker,
            over=step.over,
            user=rehearsal.user(step.broker, step.user),
            events=callbacks,
            approach=Approach(
                knows_password=step.password == "right", tls=step.tls, within=step.within.total_seconds()
            ),
        )
    except (BrokerError, LabTimeout) as error:
        outcome, note = error.how, error.what
    else:
        client.close()
    callbacks.recorder.attempted("connect", outcome, note, begun, step.login.destination)
    return Outcome(ok=outcome == "ok", note="it was let in" if outcome == "ok" else f"{outcome}: {note}")
