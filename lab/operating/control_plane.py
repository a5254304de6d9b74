"""The seam between a verb and the lab that it is done to, and the outcome of a verb.

A replay and an open lab each have their own control plane.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.account_json import pending_changes
from lab.amazonmq.account.broker_record import BrokerRecord
from lab.base.dataclass import dataclass
from lab.history import BrokerRecordSeen, Observation
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.lab import Lab


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


class ControlPlane(Protocol):
    """A lab and its Control, the service's records, both changed while verbs are done."""

    @property
    def lab(self) -> Lab:
        """Return the lab itself."""
        ...

    @property
    def plan(self) -> Plan:
        """Return the Plan of the lab as it is now."""
        ...

    @property
    def control(self) -> Control:
        """Return the service's records as they are now."""
        ...

    @property
    def machine(self) -> datetime:
        """Return the machine's time; the service's clock is ahead of it by a fixed amount."""
        ...

    @property
    def age(self) -> timedelta:
        """Return the time since the lab opened; peering requests expire by it."""
        ...

    @property
    def reboot_time(self) -> float:
        """Return the default number of seconds that a reboot leaves a broker down."""
        ...

    def change(self, verb: Callable[[Control], Done]) -> Done:
        """Call `verb` with the current Control; keep the Control that it returns and record its observations.

        `verb` takes no time of the lab's clock.
        """
        ...

    def record(self, *observations: Observation, lasts: float = 0.0) -> None:
        """Record observations whose `t` is of the lab's clock; their verb lasts `lasts` seconds at most."""
        ...

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds, at most so many seconds; return whether it holds."""
        ...

    def serving(self, broker: str) -> int | None:
        """Return the number of the active instance; None if there is none, and none runs that could become active."""
        ...

    def stopped(self, broker: str) -> Collection[int]:
        """Return the numbers of the instances that were stopped by a verb; a reboot leaves them stopped."""
        ...

    def takes_out(self, broker: str, number: int) -> Callable[[], None]:
        """Record that an instance is out, by a verb that is about to end, freeze or start it.

        It is out until its start or resumption is recorded. Call the returned function if nothing has come of the
        verb: then the instance is out only if it was before.
        """
        ...

    def report_late(self, broker: str, number: int, *, since: float, within: float, action: str) -> str:
        """Return words, or raise, for an instance that has not started within so many seconds; "" if it just has.

        `since` is the moment of its start, of the lab's clock, and `action` names the verb.
        """
        ...

    def report_ended(self, broker: str, numbers: Sequence[int], why: str) -> None:
        """Report that standbys ended when they were to take over."""
        ...


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
