"""Steps that are done to one instance of a broker by hand: which instance is meant, and what it says against it."""

from __future__ import annotations

from collections.abc import Callable

from lab.declare.steps.broker import OnInstance, State
from lab.errors import BrokerError
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal


def to_instance(rehearsal: Rehearsal, step: OnInstance, does: Callable[[int], str]) -> Outcome:
    """Do something to the instance that a step is about, which returns what did not go as asked."""
    try:
        failed = does(_meant(rehearsal, step))
    except BrokerError as error:
        return refused(rehearsal, f"broker {step.broker}", error)
    return Outcome(ok=not failed, note=failed)


def _meant(rehearsal: Rehearsal, step: OnInstance) -> int:
    """Return the instance that a step is about; where that is the active one of a pair, wait until there is one."""
    numbers, named = rehearsal.numbers(step.broker), step.instance
    if len(numbers) == 1:
        return numbers[0]
    if named in ("1", "2"):
        return int(named)
    if named is None and step.brings is State.UP:
        return next((each for each in numbers if (step.broker, each) in rehearsal.service.off), numbers[0])
    active = rehearsal.service.active(step.broker)
    return next(each for each in numbers if each != active) if named == "standby" else active
