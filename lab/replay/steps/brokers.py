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
from lab.history import BrokerChanged
from lab.operating.creation import begin_creation, begin_deletion, finish_creation, finish_deletion
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps.instances import active, off, on, rebooted_last, start, stop
from lab.replay.steps.reboot import not_served, reboot


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
    if isinstance(step, CreateBroker):
        return _create(rehearsal, broker, step.within.total_seconds())
    if isinstance(step, DeleteBroker):
        return _delete(rehearsal, broker)
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
    """Return the instance that a step is about; where that is the active one of a pair, wait until there is one."""
    numbers = rehearsal.numbers(step.broker)
    named = step.instance if isinstance(step, OnInstance) else None
    if len(numbers) == 1:
        return numbers[0]
    if named in ("1", "2"):
        return int(named)
    if named is None and isinstance(step, Start | Resume):
        return next((each for each in numbers if (step.broker, each) in rehearsal.off), numbers[0])
    if isinstance(step, Reboot):
        return rebooted_last(rehearsal, step.broker)
    serving = active(rehearsal, step.broker)
    return next(each for each in numbers if each != serving) if named == "standby" else serving


def _create(rehearsal: Rehearsal, broker: str, within: float) -> Outcome:
    """Start a broker for the first time, one instance after the other: the first one becomes the active one."""
    service, clock = rehearsal.service, rehearsal.clock
    rehearsal.record(BrokerChanged(t=rehearsal.now(), broker=broker, state="creating"))
    try:
        service.do(lambda control: begin_creation(control, broker, service.machine, t=clock.now()))
    except InputError as error:
        return not_served(rehearsal, error)
    for each in rehearsal.numbers(broker):
        started = start(rehearsal, broker, each, within)
        if not started.ok:
            return started
    service.do(lambda control: finish_creation(control, broker, t=clock.now()))
    rehearsal.record(BrokerChanged(t=rehearsal.now(), broker=broker, state="created"))
    return Outcome()


def _delete(rehearsal: Rehearsal, broker: str) -> Outcome:
    service, clock = rehearsal.service, rehearsal.clock
    try:
        service.do(lambda control: begin_deletion(control, broker, t=clock.now()))
    except InputError as error:
        return not_served(rehearsal, error)
    for each in rehearsal.numbers(broker):
        off(rehearsal, broker, each)
    rehearsal.record_of_lab(rehearsal.lab.delete(broker))
    service.do(lambda control: finish_deletion(control, broker))
    return Outcome()
