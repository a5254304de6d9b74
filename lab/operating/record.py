"""Changes of a broker's record: its maintenance window, and what is pending until a reboot."""

from __future__ import annotations

from dataclasses import replace

from lab.amazonmq.account.account import Account
from lab.declare.steps.record import OnRecord
from lab.operating.control_plane import ControlPlane
from lab.operating.done import Done, record_seen
from lab.plan.control import Control


def operate(plane: ControlPlane, verb: OnRecord) -> Done:
    """Keep the account that the verb decides on."""

    def change(control: Control) -> Done:
        return with_account(plane, control, verb.decide(control.account, plane.machine), verb.broker)

    return plane.change(change)


def with_account(plane: ControlPlane, control: Control, account: Account, broker: str) -> Done:
    """Return the outcome of a verb that changed the account: a broker's record, and a note on what is pending."""
    record = account.broker(broker)
    waiting = [] if record.pending is None else [str(record.pending)]
    if record.pending_security_groups is not None:
        waiting.append(f"security groups {', '.join(record.pending_security_groups)}")
    note = f"pending until a reboot: {', '.join(waiting)}" if waiting else ""
    seen = (record_seen(record, plane.lab.clock.now()),)
    return Done(control=replace(control, account=account), seen=seen, note=note)
