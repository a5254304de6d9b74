"""The outcome of a verb, and a broker's record as an observation."""

from __future__ import annotations

from lab.amazonmq.account.account_json import pending_changes
from lab.amazonmq.account.broker_record import BrokerRecord
from lab.base.dataclass import dataclass
from lab.history import BrokerRecordSeen, Observation
from lab.plan.control import Control
from lab.plan.values import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The outcome of a verb."""

    control: Control  # after the verb
    observations: tuple[Observation, ...] = ()
    note: str = ""  # a note for the user
    failed: str = ""  # words if the verb did not go as asked
    plan: Plan | None = None  # of the lab from now on, if it changed


def record_seen(record: BrokerRecord, t: float) -> BrokerRecordSeen:
    """Return a broker's record as an observation; `t` is of the lab's clock."""
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
