"""The step `maintenance-window`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.service import OfService


class MaintenanceWindow(OfService):
    """A broker's weekly maintenance window is set; when it opens, what is pending is applied by a reboot."""

    verb: ClassVar[str] = "maintenance-window"
    broker: Name
    day: str
    time: str
    zone: str = "UTC"

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"set {self.broker}'s maintenance window to {self.day} {self.time} {self.zone}"
