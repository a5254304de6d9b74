"""The deletion of a broker, with its store and its record in the account."""

from __future__ import annotations

from dataclasses import replace

from lab.amazonmq.account import brokers as verbs
from lab.declare.steps.delete_broker import DeleteBroker
from lab.operating.control_plane import ControlPlane
from lab.operating.done import Done, record_seen
from lab.plan.control import Control


def operate(plane: ControlPlane, verb: DeleteBroker) -> Done:
    """Delete a broker with its store, whatever its state."""
    name = plane.control.account.broker(verb.broker).name
    plane.change(lambda control: begin_deletion(control, name, t=plane.lab.clock.now()))
    plane.record(plane.lab.delete(name))
    return plane.change(lambda control: finish_deletion(control, name))


def begin_deletion(control: Control, broker: str, *, t: float) -> Done:
    """Begin the deletion of a broker: its state becomes DELETION_IN_PROGRESS."""
    account = verbs.delete_broker(control.account, broker)
    return Done(control=replace(control, account=account), seen=(record_seen(account.broker(broker), t),))


def finish_deletion(control: Control, broker: str) -> Done:
    """End the deletion of a broker: its record goes, its configuration stays."""
    return Done(control=replace(control, account=verbs.broker_deleted(control.account, broker)))
