"""The step `start`: an instance that has ended starts again."""

from __future__ import annotations

from lab.declare.steps.start import Start
from lab.operating import instances
from lab.replay.instances import change_instance
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: Start, turn: Turn) -> Outcome:
    """Start the instance; wait until its endpoints listen, or, of a pair, until it is ready to take over."""
    service, within = rehearsal.service, step.within.total_seconds()

    def start(number: int) -> str:
        return instances.start(service, step.broker, number, within, step.verb)

    return change_instance(rehearsal, step, start)
