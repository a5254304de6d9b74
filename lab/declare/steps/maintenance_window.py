"""The step `maintenance-window`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from lab.amazonmq.account import brokers
from lab.amazonmq.account.account import Account
from lab.amazonmq.account.maintenance import window
from lab.declare.steps.record import OnRecord


class MaintenanceWindow(OnRecord):
    """Set a broker's weekly maintenance window, in which a reboot applies pending changes."""

    verb: ClassVar[str] = "maintenance-window"
    day: str
    """The day of the week, in English, for example `sunday`."""
    time: str
    """The time of day at which the window opens, for example `"03:00"`."""
    zone: str = "UTC"
    """The time zone of the window, for example `Asia/Tokyo`."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"set {self.broker}'s maintenance window to {self.day} {self.time} {self.zone}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return brokers.update_broker(account, self.broker, window=window(self.day, self.time, self.zone))
