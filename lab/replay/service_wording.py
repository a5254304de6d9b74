"""A step that is done in the service in one line, for people; no password is ever in it."""

from __future__ import annotations

from lab import units
from lab.declare import service_steps as steps


def asked_of_service(step: steps.OfService) -> str:
    """Write what a step asks for."""
    match step:
        case steps.CreateConfiguration():
            return f"create the configuration {step.configuration} for engine version {step.engine_version}"
        case steps.UpdateConfiguration():
            described = f" ({step.description})" if step.description else ""
            return f"save {step.file.file.rpartition('/')[2]} as {step.configuration}'s next revision{described}"
        case steps.UpdateBroker():
            when = ", applied immediately" if step.apply == "immediately" else ""
            return f"update broker {step.broker}: {_chosen(step)}{when}"
        case steps.MaintenanceWindow():
            return f"set {step.broker}'s maintenance window to {step.day} {step.time} {step.zone}"
        case steps.MoveClock() if step.before is not None:
            return f"move the service's clock to {units.format_duration(step.by)} before {step.before}'s window"
        case steps.MoveClock():
            return f"move the service's clock to {step.to:%Y-%m-%d %H:%M:%S} {step.to.tzinfo if step.to else ''}"
        case steps.CreateUser():
            return f"create the user {step.user} of {step.broker}"
        case steps.UpdateUser():
            changes = {"password": step.password, "groups": step.groups, "console access": step.console_access}
            named = ", ".join(name for name, value in changes.items() if value is not None)
            return f"update the user {step.user} of {step.broker}: {named}"
        case steps.DeleteUser():
            return f"delete the user {step.user} of {step.broker}"
        case _:
            return step.verb


def _chosen(step: steps.UpdateBroker) -> str:
    words = []
    if step.roll_back:
        words.append("back to its last configuration")
    elif step.configuration is not None or step.revision is not None:
        name = step.configuration or "its configuration"
        words.append(f"{name}, {'the latest revision' if step.revision is None else f'revision {step.revision}'}")
    if step.security_groups is not None:
        words.append(f"security groups {', '.join(step.security_groups) or 'none'}")
    return "; ".join(words)
