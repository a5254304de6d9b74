"""The deletion of a broker, with its store and its record in the account."""

from __future__ import annotations

from dataclasses import replace

from lab.amazonmq.account import brokers as verbs
from lab.declare.steps.delete_broker import DeleteBroker
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done
from lab.operating.record import keep
from lab.plan.control import Control


def do_delete_broker(plane: ControlPlane, verb: DeleteBroker, *, resumed: bool = False) -> Done:
    """Delete a broker with its store, whatever its state; its configuration stays.

    Set `resumed` for a deletion that has begun.
    """
    name = plane.control.account.broker(verb.broker).name
    if not resumed:
        begin_deletion(plane, name)
    plane.record(plane.lab.instances.delete(name))
    return plane.change(lambda control: _without(control, name))


operations.register(DeleteBroker)(do_delete_broker)  # which has one parameter more


def begin_deletion(plane: ControlPlane, broker: str) -> None:
    """Begin the deletion of a broker: it is DELETION_IN_PROGRESS."""
    keep(plane, broker, lambda control: verbs.delete_broker(control.account, broker))


def _without(control: Control, broker: str) -> Done:
    return Done(control=replace(control, account=verbs.broker_deleted(control.account, broker)))
