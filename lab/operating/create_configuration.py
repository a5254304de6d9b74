"""The creation of a configuration from the service's default; no broker changes."""

from __future__ import annotations

from dataclasses import replace

from lab.amazonmq.account.refusals import conflict
from lab.declare.steps.create_configuration import CreateConfiguration
from lab.operating.control_plane import ControlPlane
from lab.operating.done import Done
from lab.operating.update_configuration import revision_saved
from lab.plan.control import Control


def operate(plane: ControlPlane, verb: CreateConfiguration) -> Done:
    """Create the configuration; refused if a broker that is not created yet has one of the same name."""

    def create(control: Control) -> Done:
        for broker, its in control.later:
            if its.name == verb.configuration:
                what = f"{broker.name}, which is still to be created, has a configuration {its.name}"
                raise conflict(what, "give another name")
        account = verb.decide(control.account, plane.machine)
        seen = revision_saved(
            verb.configuration, account.configuration(verb.configuration).latest, (), plane.lab.clock.now()
        )
        note = f"{verb.configuration} has revision 1"
        return Done(control=replace(control, account=account), seen=(seen,), note=note)

    return plane.change(create)
