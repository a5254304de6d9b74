"""A step that is done in the service in one line, for people; no password is ever in it."""

from __future__ import annotations

from lab import units
from lab.declare.steps.create_configuration import CreateConfiguration
from lab.declare.steps.create_user import CreateUser
from lab.declare.steps.delete_user import DeleteUser
from lab.declare.steps.maintenance_window import MaintenanceWindow
from lab.declare.steps.move_clock import MoveClock
from lab.declare.steps.service import OfService
from lab.declare.steps.update_broker import UpdateBroker
from lab.declare.steps.update_configuration import UpdateConfiguration
from lab.declare.steps.update_user import UpdateUser


def asked_of_service(step: OfService) -> str:
    """Write what a step asks for."""
    match step:
        case CreateConfiguration():
            return f"create the configuration {step.configuration} for engine version {step.engine_version}"
        case UpdateConfiguration():
            described = f" ({step.description})" if step.description else ""
            return f"save {step.file.file.rpartition('/')[2]} as {step.configuration}'s next revision{described}"
        case UpdateBroker():
            when = ", applied immediately" if step.apply == "immediately" else ""
            return f"update broker {step.broker}: {_chosen(step)}{when}"
        case MaintenanceWindow():
            return f"set {step.broker}'s maintenance window to {step.day} {step.time} {step.zone}"
        case MoveClock() if step.before is not None:
            return f"move the service's clock to {units.format_duration(step.by)} before {step.before}'s window"
        case MoveClock():
            return f"move the service's clock to {step.to:%Y-%m-%d %H:%M:%S} {step.to.tzinfo if step.to else ''}"
        case CreateUser():
            return f"create the user {step.user} of {step.broker}"
        case UpdateUser():
            changes = {"password": step.password, "groups": step.groups, "console access": step.console_access}
            named = ", ".join(name for name, value in changes.items() if value is not None)
            return f"update the user {step.user} of {step.broker}: {named}"
        case DeleteUser():
            return f"delete the user {step.user} of {step.broker}"
        case _:
            return step.verb


def _chosen(step: UpdateBroker) -> str:
    words = []
    if step.roll_back:
        words.append("back to its last configuration")
    elif step.configuration is not None or step.revision is not None:
        name = step.configuration or "its configuration"
        words.append(f"{name}, {'the latest revision' if step.revision is None else f'revision {step.revision}'}")
    if step.security_groups is not None:
        words.append(f"security groups {', '.join(step.security_groups) or 'none'}")
    return "; ".join(words)
