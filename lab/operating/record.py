"""Changes of a broker's record: its maintenance window, and changes that are pending until a reboot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import BrokerRecord
from lab.declare.steps.record import OnRecord
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done, record_seen
from lab.plan.control import Control


@operations.register(OnRecord)
def do_record(plane: ControlPlane, verb: OnRecord) -> Done:
    """Keep the account that the verb decides on; the note lists pending changes."""
    return keep(plane, verb.broker, lambda control: verb.decide(control.account, plane.machine), pending)


def keep(
    plane: ControlPlane,
    broker: str,
    decide: Callable[[Control], Account],
    note: Callable[[BrokerRecord], str] = lambda record: "",
) -> Done:
    """Keep the account that `decide` returns, and record the broker's record in it; `note` makes the note from that."""

    def change(control: Control) -> Done:
        account = decide(control)
        record = account.broker(broker)
        seen = (record_seen(record, plane.lab.clock.now()),)
        return Done(control=replace(control, account=account), observations=seen, note=note(record))

    return plane.change(change)


def pending(record: BrokerRecord) -> str:
    """Return the changes that are pending until a broker's reboot, in words; "" if there are none."""
    waiting = [] if record.pending is None else [str(record.pending)]
    if record.pending_security_groups is not None:
        waiting.append(f"security groups {', '.join(record.pending_security_groups)}")
    return f"pending until a reboot: {', '.join(waiting)}" if waiting else ""
