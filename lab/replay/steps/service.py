"""What the steps that are done in the service do: decided by the account, done to the lab, or refused."""

from __future__ import annotations

from collections.abc import Callable

from lab.amazonmq.account.maintenance import window
from lab.declare.steps.create_configuration import CreateConfiguration
from lab.declare.steps.create_user import CreateUser
from lab.declare.steps.delete_user import DeleteUser
from lab.declare.steps.maintenance_window import MaintenanceWindow
from lab.declare.steps.move_clock import MoveClock
from lab.declare.steps.reboot import Reboot
from lab.declare.steps.service import OfService
from lab.declare.steps.update_broker import UpdateBroker
from lab.declare.steps.update_configuration import UpdateConfiguration
from lab.declare.steps.update_user import UpdateUser
from lab.errors import BrokerError, InputError, PlanError
from lab.operating import Done
from lab.operating.brokers import update_broker
from lab.operating.clock import moved, moved_before
from lab.operating.configurations import create_configuration, update_configuration
from lab.operating.reboot import reboot
from lab.operating.users import create_user, delete_user, update_user
from lab.plan.control import Control
from lab.replay.outcome import Outcome, not_served, of_done, refused
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: OfService, turn: Turn) -> Outcome:
    """Do one step; what the service refuses is a step that was not done as asked."""
    try:
        done = rehearsal.service.change(_verb(rehearsal, step))
        if isinstance(step, UpdateBroker) and step.apply == "immediately":
            done = reboot(rehearsal.service, Reboot(broker=step.broker, downtime=step.downtime, within=step.within))
        outcome = of_done(done)
    except InputError as error:
        outcome = not_served(rehearsal, error)
    except BrokerError as error:
        outcome = refused(rehearsal, f"broker {getattr(step, 'broker', '')}", error)
    return outcome


def _verb(rehearsal: Rehearsal, step: OfService) -> Callable[[Control], Done]:
    lab, t, machine = rehearsal.lab, rehearsal.clock.now(), rehearsal.service.machine
    match step:
        case CreateConfiguration():
            return lambda c: create_configuration(c, step.configuration, step.engine_version, machine, t=t)
        case UpdateConfiguration():
            return lambda c: update_configuration(
                c,
                step.configuration,
                step.file.text,
                machine,
                description=step.description,
                file=step.file.file,
                t=t,
            )
        case UpdateBroker():
            return lambda c: update_broker(
                c,
                step.broker,
                configuration=step.configuration,
                revision=step.revision,
                security_groups=step.security_groups,
                roll_back=step.roll_back,
                t=t,
            )
        case MaintenanceWindow():
            chosen = window(step.day, step.time, step.zone)
            return lambda c: update_broker(c, step.broker, window=chosen, t=t)
        case MoveClock():
            return lambda c: _moved(rehearsal, step, c)
        case CreateUser():
            return lambda c: create_user(
                c,
                lab,
                step.broker,
                step.user,
                step.password,
                groups=step.groups,
                console_access=step.console_access,
            )
        case UpdateUser():
            return lambda c: update_user(
                c,
                lab,
                step.broker,
                step.user,
                password=step.password,
                groups=step.groups,
                console_access=step.console_access,
            )
        case DeleteUser():
            return lambda c: delete_user(c, lab, step.broker, step.user)
        case _:
            raise PlanError(f"nobody knows how to {step.verb}", "see ARCHITECTURE.md: to add a step")


def _moved(rehearsal: Rehearsal, step: MoveClock, control: Control) -> Done:
    machine = rehearsal.service.machine
    if step.to is not None:
        return moved(control, machine, step.to)
    assert step.before is not None  # one of both is given
    return moved_before(control, machine, step.before, step.by)
