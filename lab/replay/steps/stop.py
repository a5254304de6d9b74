"""The step `stop`: an instance is asked to end."""

from __future__ import annotations

from lab.declare.steps.stop import Stop
from lab.operating import instances
from lab.replay.instances import change_instance
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: Stop, turn: Turn) -> Outcome:
    """Ask the instance to end; it is a failed step if it had to be killed."""
    service, within = rehearsal.service, step.within.total_seconds()

    def stop(number: int) -> str:
        service.ends(step.broker, number)
        return instances.stop(service, step.broker, number, within)

    return change_instance(rehearsal, step, stop)
