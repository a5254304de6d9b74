"""The step `update-broker`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from lab.amazonmq.account import brokers
from lab.amazonmq.account.account import Account
from lab.declare.fields import Duration, Texts, Whole, YesNo
from lab.declare.steps.base import Bridges, Fault, Part
from lab.declare.steps.broker import STARTS_WITHIN
from lab.declare.steps.reboot import Reboot
from lab.declare.steps.record import OnRecord


class UpdateBroker(OnRecord):
    """Add pending changes to a broker, or reboot the broker to apply them at once."""

    verb: ClassVar[str] = "update-broker"
    fault = Fault.CONFIGURATION
    changes = Part.BROKERS | Part.NETWORK | Part.RECORDS  # security groups are of the network
    configures = True
    bridges = Bridges.RAISED
    configuration: str | None = None
    """The name of the configuration (default: the broker's current one)."""
    revision: Whole | None = None
    """The revision of the configuration (default: the latest)."""
    security_groups: Texts | None = None
    """The names of all security groups that the broker must have."""
    roll_back: YesNo = False
    """Whether the broker returns to its previous configuration."""
    apply: Literal["immediately", "next-window"] = "next-window"
    """The time of the reboot: immediately, or in the next maintenance window."""
    downtime: Duration | None = None
    """The time between stop and start of the reboot (default: the topology's `reboot-time`)."""
    within: Duration = STARTS_WITHIN
    """The maximum time to wait until the broker has started."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        chosen = self.configuration is not None or self.revision is not None
        if self.roll_back and chosen:
            raise ValueError("roll-back chooses the revision: remove configuration and revision")
        if not (self.roll_back or chosen or self.security_groups is not None):
            raise ValueError("nothing changes: write configuration, revision, security-groups, or roll-back: yes")
        if self.apply != "immediately" and (self.downtime is not None or self.within != STARTS_WITHIN):
            raise ValueError("downtime and within apply to a reboot: write apply: immediately")
        return self

    def words(self) -> str:
        """Return the step in one line, for people."""
        changes = []
        if self.roll_back:
            changes.append("back to its last configuration")
        elif self.configuration is not None or self.revision is not None:
            which = "the latest revision" if self.revision is None else f"revision {self.revision}"
            changes.append(f"{self.configuration or 'its configuration'}, {which}")
        if self.security_groups is not None:
            changes.append(f"security groups {', '.join(self.security_groups) or 'none'}")
        when = ", applied immediately" if self.apply == "immediately" else ""
        return f"update broker {self.broker}: {'; '.join(changes)}{when}"

    @property
    def reboot(self) -> Reboot | None:
        """Return the reboot that is ordered at once, or None."""
        if self.apply != "immediately":
            return None
        return Reboot(broker=self.broker, downtime=self.downtime, within=self.within)

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step, and after the reboot that it orders."""
        after = self.update(account)
        return after if self.reboot is None else self.reboot.decide(after, machine)

    def update(self, account: Account) -> Account:
        """Return the account with the changes pending."""
        if self.roll_back:
            account = brokers.roll_back(account, self.broker)
        return brokers.update_broker(
            account,
            self.broker,
            configuration=self.configuration,
            revision=self.revision,
            security_groups=self.security_groups,
        )
