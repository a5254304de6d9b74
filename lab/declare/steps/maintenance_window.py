"""The step `maintenance-window`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from lab.amazonmq.account import brokers
from lab.amazonmq.account.account import Account
from lab.amazonmq.account.maintenance import window
from lab.declare.steps.record import OnRecord


class MaintenanceWindow(OnRecord):
    """A broker's weekly maintenance window is set; when it opens, pending changes are applied by a reboot."""

    verb: ClassVar[str] = "maintenance-window"
    day: str
    time: str
    zone: str = "UTC"

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"set {self.broker}'s maintenance window to {self.day} {self.time} {self.zone}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return brokers.update_broker(account, self.broker, window=window(self.day, self.time, self.zone))
