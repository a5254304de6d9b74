"""Steps on one instance of a broker: chooses the instance, and turns a broker's refusal into an Outcome."""

from __future__ import annotations

from collections.abc import Callable

from lab.declare.steps.broker import OnInstance, State
from lab.errors import BrokerError
from lab.history import BrokerChanged
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal


def change_instance(rehearsal: Rehearsal, step: OnInstance, change: Callable[[int], str]) -> Outcome:
    """Call `change` with the number of a step's instance; it returns what failed, or an empty text."""
    try:
        failed = change(_target(rehearsal, step))
    except BrokerError as error:
        return refused(rehearsal, f"broker {step.broker}", error)
    return Outcome(ok=not failed, note=failed)


def end_instance(rehearsal: Rehearsal, step: OnInstance, end: Callable[[str, int], BrokerChanged]) -> Outcome:
    """Call `end` with the broker and the number of a step's instance, which serves no client from then on."""

    def ended(number: int) -> str:
        rehearsal.service.ends(step.broker, number)
        rehearsal.record_of_lab(end(step.broker, number))
        return ""

    return change_instance(rehearsal, step, ended)


def _target(rehearsal: Rehearsal, step: OnInstance) -> int:
    """Return the number of the instance that a step names; for the active one of a pair, wait until there is one."""
    numbers, named = rehearsal.numbers(step.broker), step.instance
    if len(numbers) == 1:
        return numbers[0]
    if named in ("1", "2"):
        return int(named)
    if named is None and step.brings is State.UP:
        return next((each for each in numbers if (step.broker, each) in rehearsal.service.off), numbers[0])
    active = rehearsal.service.active(step.broker)
    return next(each for each in numbers if each != active) if named == "standby" else active
