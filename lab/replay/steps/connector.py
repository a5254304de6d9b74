"""The step `connector`: a network connector is stopped or started."""

from __future__ import annotations

from lab.declare.steps.connector import ConnectorStep
from lab.errors import BrokerError
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: ConnectorStep, turn: Turn) -> Outcome:
    """Stop or start the connector over the broker's JMX."""
    try:
        rehearsal.record_of_lab(rehearsal.lab.change_connector(step.broker, step.name, step.do))
    except BrokerError as error:
        return refused(rehearsal, f"broker {step.broker}", error)
    return Outcome()
