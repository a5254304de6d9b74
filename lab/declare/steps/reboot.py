"""The step `reboot`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from lab.amazonmq.account import brokers
from lab.amazonmq.account.account import Account
from lab.base import units
from lab.declare.fields import Duration
from lab.declare.steps.account import OnAccount
from lab.declare.steps.base import Bridges, Part
from lab.declare.steps.broker import STARTS_WITHIN, OnBroker, State


class Reboot(OnBroker, OnAccount):
    """Stop and start a broker, which applies its pending changes; an active/standby pair fails over."""

    verb: ClassVar[str] = "reboot"
    changes = Part.BROKERS | Part.RECORDS
    needs = (State.UP, State.PAUSED)
    brings = State.UP
    restarts = True
    bridges = Bridges.RAISED
    downtime: Duration | None = None
    """The time between stop and start (default: the topology's `reboot-time`)."""
    within: Duration = STARTS_WITHIN
    """The maximum time to wait until the broker has started."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        down = f", {units.format_duration(self.downtime)} down" if self.downtime else ""
        return f"{super().words()}{down}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step.

        >>> account = opening_control(planned, now).account
        >>> pending = UpdateBroker(broker="tokyo", revision=1).decide(account, now)
        >>> str(pending.broker("tokyo").pending)
        'tokyo-configuration revision 1'
        >>> after = Reboot(broker="tokyo").decide(pending, now)
        >>> str(after.broker("tokyo").current), after.broker("tokyo").pending
        ('tokyo-configuration revision 1', None)
        """
        begun = brokers.begin_reboot(account, self.broker)
        return brokers.finish_reboot(brokers.applied(begun, self.broker), self.broker)
