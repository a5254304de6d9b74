"""The creation of a configuration from the service's default; no broker changes."""

from __future__ import annotations

from dataclasses import replace

from lab.declare.steps.create_configuration import CreateConfiguration
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done
from lab.operating.update_configuration import revision_saved
from lab.plan.control import Control


@operations.register(CreateConfiguration)
def do_create_configuration(plane: ControlPlane, verb: CreateConfiguration) -> Done:
    """Create the configuration, whose first revision is the default."""

    def create(control: Control) -> Done:
        account = verb.decide(control.account, plane.machine)
        name = verb.configuration
        seen = revision_saved(name, account.configuration(name).latest, (), plane.lab.clock.now())
        return Done(control=replace(control, account=account), observations=(seen,), note=f"{name} has revision 1")

    return plane.change(create)
