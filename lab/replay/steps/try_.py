"""The step `try`: a connection is tried, and the result is compared with the network."""

from __future__ import annotations

from lab.declare.steps.try_ import Try
from lab.replay.network import try_out
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Turn


@performers.register(Try)
def perform_try(rehearsal: Rehearsal, step: Try, turn: Turn) -> Outcome:
    """Try the connection; the step fails if packets do not behave as the network allows."""
    return try_out(rehearsal, step)
