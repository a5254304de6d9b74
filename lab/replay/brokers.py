"""What the steps that befall a broker do: an instance ends, starts, freezes; its connectors stop and start."""

from __future__ import annotations

from lab.declare.broker_steps import ConnectorStep, Kill, OnBroker, OnInstance, Pause, Reboot, Resume, Start, Stop
from lab.errors import BrokerError, PlanError
from lab.replay.instances import active, off, on, start, stop
from lab.replay.outcome import Outcome, refused
from lab.replay.rebooting import reboot
from lab.replay.rehearsal import Rehearsal


def befall(rehearsal: Rehearsal, step: OnBroker) -> Outcome:
    """Do one step, and count from its end what is claimed to follow it."""
    rehearsal.last_begun[step.verb] = rehearsal.now()
    try:
        outcome = _befall(rehearsal, step)
    except BrokerError as error:
        outcome = refused(rehearsal, f"broker {step.broker}", error)
    rehearsal.last_change[step.verb] = rehearsal.now()
    return outcome


def _befall(rehearsal: Rehearsal, step: OnBroker) -> Outcome:
    lab, broker = rehearsal.lab, step.broker
    if isinstance(step, ConnectorStep):
        rehearsal.record_of_lab(lab.change_connector(broker, step.name, step.do))
        return Outcome()
    instance = _meant(rehearsal, step)
    match step:
        case Stop():
            return stop(rehearsal, broker, instance, step.within.total_seconds())
        case Kill():
            off(rehearsal, broker, instance)
            rehearsal.record_of_lab(lab.kill(broker, instance))
        case Start():
            return start(rehearsal, broker, instance, step.within.total_seconds())
        case Reboot():
            downtime = None if step.downtime is None else step.downtime.total_seconds()
            return reboot(rehearsal, broker, instance, downtime, step.within.total_seconds())
        case Pause():
            off(rehearsal, broker, instance)
            rehearsal.record_of_lab(lab.pause(broker, instance))
        case Resume():
            rehearsal.record_of_lab(lab.resume(broker, instance))
            on(rehearsal, broker, instance)
        case _:
            raise PlanError(f"nobody knows how to {step.verb}", "see ARCHITECTURE.md: to add a step")
    return Outcome()


def _meant(rehearsal: Rehearsal, step: OnBroker) -> int:
    """Give the instance that a step is about; where that is the active one of a pair, wait until there is one."""
    numbers = rehearsal.numbers(step.broker)
    named = step.instance if isinstance(step, OnInstance) else None
    if len(numbers) == 1:
        return numbers[0]
    if named in ("1", "2"):
        return int(named)
    if named is None and isinstance(step, Start | Resume):
        return next((each for each in numbers if (step.broker, each) in rehearsal.off), numbers[0])
    serving = active(rehearsal, step.broker)
    return next(each for each in numbers if each != serving) if named == "standby" else serving
