"""What the service keeps of a broker, changed: its maintenance window, and what is pending until a reboot."""

from __future__ import annotations

from dataclasses import replace

from lab.amazonmq.account.account import Account
from lab.declare.steps.record import OnRecord
from lab.operating.control_plane import ControlPlane
from lab.operating.done import Done, seen_of
from lab.plan.control import Control


def operate(plane: ControlPlane, verb: OnRecord) -> Done:
    """Keep what the verb decides."""
    return plane.change(lambda control: kept(plane, control, verb.decide(control.account, plane.machine), verb.broker))


def kept(plane: ControlPlane, control: Control, account: Account, broker: str) -> Done:
    """Return another account as a Done, which tells of one broker and what is pending for it."""
    record = account.broker(broker)
    waiting = [] if record.pending is None else [str(record.pending)]
    if record.pending_security_groups is not None:
        waiting.append(f"security groups {', '.join(record.pending_security_groups)}")
    note = f"pending until a reboot: {', '.join(waiting)}" if waiting else ""
    seen = (seen_of(record, plane.lab.clock.now()),)
    return Done(control=replace(control, account=account), seen=seen, note=note)
