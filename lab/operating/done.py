"""What a verb of the cloud gives back, and a broker's record as it goes into a history."""

from __future__ import annotations

from dataclasses import dataclass

from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.account.describe import pending_changes
from lab.history import BrokerRecordSeen, Observation
from lab.plan.control import Control
from lab.plan.values import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a verb gives: the Control after it, what was seen, what is remarkable, and what did not go as asked."""

    control: Control
    seen: tuple[Observation, ...] = ()
    note: str = ""
    failed: str = ""
    plan: Plan | None = None  # of what stands from now on, where that is another one


def seen_of(record: BrokerRecord, t: float) -> BrokerRecordSeen:
    """Return a broker's record as it goes into a history."""
    pending, waiting = record.pending, pending_changes(record)
    return BrokerRecordSeen(
        t=t,
        broker=record.name,
        state=str(record.state),
        configuration=record.current.configuration,
        revision=record.current.revision,
        pending_configuration="" if pending is None else pending.configuration,
        pending_revision=None if pending is None else pending.revision,
        before="" if not record.history else str(record.history[-1]),
        users={user.name: waiting.get(user.name, "") for user in record.users},
        window=str(record.window),
    )
