"""What the steps that befall a broker do: an instance ends, starts, freezes; its connectors stop and start."""

from __future__ import annotations

from lab.declare.steps.broker import OnBroker, OnInstance
from lab.declare.steps.connector import ConnectorStep
from lab.declare.steps.create_broker import CreateBroker
from lab.declare.steps.delete_broker import DeleteBroker
from lab.declare.steps.kill import Kill
from lab.declare.steps.pause import Pause
from lab.declare.steps.reboot import Reboot
from lab.declare.steps.resume import Resume
from lab.declare.steps.start import Start
from lab.declare.steps.stop import Stop
from lab.errors import BrokerError, InputError, PlanError
from lab.operating.creation import create, delete
from lab.operating.instances import start, stop
from lab.operating.reboot import reboot
from lab.replay.outcome import Outcome, not_served, of_done, refused
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: OnBroker, turn: Turn) -> Outcome:
    """Do one step, and count from its end what is claimed to follow it."""
    try:
        outcome = _done(rehearsal, step)
    except InputError as error:
        outcome = not_served(rehearsal, error)
    except BrokerError as error:
        outcome = refused(rehearsal, f"broker {step.broker}", error)
    return outcome


def _done(rehearsal: Rehearsal, step: OnBroker) -> Outcome:
    service = rehearsal.service
    match step:
        case ConnectorStep():
            rehearsal.record_of_lab(rehearsal.lab.change_connector(step.broker, step.name, step.do))
            return Outcome()
        case CreateBroker():
            return of_done(create(service, step))
        case DeleteBroker():
            return of_done(delete(service, step))
        case Reboot():
            return of_done(reboot(service, step))
        case OnInstance():
            failed = _instance(rehearsal, step, _meant(rehearsal, step))
            return Outcome(ok=not failed, note=failed)
        case _:
            raise PlanError(f"nobody knows how to {step.verb}", "see ARCHITECTURE.md: to add a step")


def _instance(rehearsal: Rehearsal, step: OnInstance, number: int) -> str:
    """Do a step to one instance, and return what did not go as asked."""
    lab, service, broker = rehearsal.lab, rehearsal.service, step.broker
    match step:
        case Stop():
            service.ends(broker, number)
            return stop(service, broker, number, step.within.total_seconds())
        case Start():
            return start(service, broker, number, step.within.total_seconds(), step.verb)
        case Kill():
            service.ends(broker, number)
            rehearsal.record_of_lab(lab.kill(broker, number))
        case Pause():
            service.ends(broker, number)
            rehearsal.record_of_lab(lab.pause(broker, number))
        case Resume():
            rehearsal.record_of_lab(lab.resume(broker, number))
            service.runs(broker, number)
        case _:
            raise PlanError(f"nobody knows how to {step.verb}", "see ARCHITECTURE.md: to add a step")
    return ""


def _meant(rehearsal: Rehearsal, step: OnInstance) -> int:
    """Return the instance that a step is about; where that is the active one of a pair, wait until there is one."""
    numbers, named = rehearsal.numbers(step.broker), step.instance
    if len(numbers) == 1:
        return numbers[0]
    if named in ("1", "2"):
        return int(named)
    if named is None and isinstance(step, Start | Resume):
        return next((each for each in numbers if (step.broker, each) in rehearsal.service.off), numbers[0])
    active = rehearsal.service.active(step.broker)
    return next(each for each in numbers if each != active) if named == "standby" else active
