"""The steps that ask Amazon MQ for a change: of brokers, configurations, users, and of its clock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar, Literal, Self

from pydantic import SecretStr, model_validator

from lab.activemq import releases
from lab.amazonmq.account import brokers, configurations, users
from lab.amazonmq.account.account import Account, move_clock
from lab.amazonmq.account.configurations import Updated
from lab.amazonmq.account.maintenance import window
from lab.base import units
from lab.declare.fields import Duration, Moment, Name, Password, Texts, Whole, YesNo
from lab.declare.steps.base import (
    STARTS_WITHIN,
    Bridges,
    Fault,
    OfService,
    OfUser,
    OnAccount,
    OnBroker,
    OnRecord,
    Part,
    State,
)
from lab.declare.topology import ConfigurationFile


class CreateBroker(OnBroker, OnAccount):
    """Create and start a broker that the topology declares with `later: yes`."""

    verb: ClassVar[str] = "create-broker"
    changes = Part.BROKERS | Part.RECORDS
    fault = Fault.EXISTENCE
    bridges = Bridges.RAISED
    needs = (State.ABSENT,)
    brings = State.UP
    within: Duration = STARTS_WITHIN
    """The maximum time to wait until each instance of the broker has started."""

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return brokers.broker_created(brokers.begin_creation(account, self.broker, account.now(machine)), self.broker)


class DeleteBroker(OnBroker, OnAccount):
    """Delete a broker and all its messages; its configuration stays, and its log stays in the run folder."""

    verb: ClassVar[str] = "delete-broker"
    changes = Part.BROKERS | Part.RECORDS
    fault = Fault.EXISTENCE
    bridges = Bridges.DROPPED
    needs = (State.UP, State.PAUSED, State.DOWN)
    brings = State.DELETED

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return brokers.broker_deleted(brokers.delete_broker(account, self.broker), self.broker)


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


class CreateConfiguration(OfService):
    """Create a configuration from Amazon MQ's default for its engine version."""

    verb: ClassVar[str] = "create-configuration"
    configuration: str
    """The name of the new configuration."""
    engine_version: str = releases.DEFAULT
    """The engine version of the configuration."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"create the configuration {self.configuration} for engine version {self.engine_version}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return configurations.create_configuration(
            account, self.configuration, self.engine_version, account.now(machine)
        )


class UpdateConfiguration(OfService):
    """Save a file as the next revision of a configuration; no broker changes."""

    verb: ClassVar[str] = "update-configuration"
    configures = True
    configuration: str
    """The name of the configuration."""
    file: ConfigurationFile
    """The path of the XML file, relative to this file."""
    description: str = ""
    """The description of the revision, for people."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        described = f" ({self.description})" if self.description else ""
        return f"save {self.file.file.rpartition('/')[2]} as {self.configuration}'s next revision{described}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return self.update(account, machine).account

    def update(self, account: Account, machine: datetime) -> Updated:
        """Return the account after the step, the revision's number, and the settings removed from the text."""
        return configurations.update_configuration(
            account,
            self.configuration,
            self.file.text.encode(),
            account.now(machine),
            description=self.description,
            file=self.file.file,
        )


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


JUST_BEFORE = timedelta(seconds=5)


class MoveClock(OfService):
    """Move Amazon MQ's clock forward, to a moment or to just before a maintenance window."""

    verb: ClassVar[str] = "move-clock"
    changes = Part.RECORDS | Part.NETWORK  # requests for peerings expire
    to: Moment | None = None
    """The date, time and time zone to move the clock to."""
    before: Name | None = None
    """The broker whose next maintenance window the clock is moved to."""
    by: Duration = JUST_BEFORE
    """The time that remains until the window opens; valid only with `before`."""

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if (self.to is None) == (self.before is None):
            raise ValueError("give one moment: to: MOMENT, or before: BROKER")
        if self.to is not None and self.by != JUST_BEFORE:
            raise ValueError("by is the time before a window: add before")
        return self

    def words(self) -> str:
        """Return the step in one line, for people."""
        if self.before is not None:
            return f"move the service's clock to {units.format_duration(self.by)} before {self.before}'s window"
        return f"move the service's clock to {self.to:%Y-%m-%d %H:%M:%S} {self.to.tzinfo if self.to else ''}"

    def opens_windows(self, brokers: Collection[str]) -> Collection[str]:
        """Return the brokers whose window is approached."""
        return brokers if self.before is None else (self.before,)

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        to = self.to
        if to is None:
            assert self.before is not None  # one of both is given
            now = account.now(machine)
            to = max(now, account.broker(self.before).window.opens_after(now) - self.by)
        return move_clock(account, to, machine)


class CreateUser(OfUser):
    """Create a user, who can log in from the broker's next reboot on."""

    verb: ClassVar[str] = "create-user"
    password: Password
    """The password of the new user."""
    groups: Texts = ()
    """The groups of the new user, for an authorization map in the configuration."""
    console_access: YesNo = False
    """Whether the new user may open the web console."""

    @property
    def new_password(self) -> SecretStr | None:
        """Return the password that the user has from then on; None if it stays the same."""
        return self.password

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"create the user {self.user} of {self.broker}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return users.create_user(
            account, self.broker, self.user, self.password, groups=self.groups, console_access=self.console_access
        )


class UpdateUser(OfUser):
    """Change the given properties of a user at the broker's next reboot."""

    verb: ClassVar[str] = "update-user"
    password: Password | None = None
    """The new password (default: unchanged)."""
    groups: Texts | None = None
    """The new groups of the user, which replace all earlier ones (default: unchanged)."""
    console_access: YesNo | None = None
    """Whether the user may open the web console (default: unchanged)."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.password is None and self.groups is None and self.console_access is None:
            raise ValueError("nothing changes: write password, groups or console-access")
        return self

    @property
    def new_password(self) -> SecretStr | None:
        """Return the password that the user has from then on; None if it stays the same."""
        return self.password

    def words(self) -> str:
        """Return the step in one line, for people."""
        changes = {"password": self.password, "groups": self.groups, "console access": self.console_access}
        named = ", ".join(name for name, value in changes.items() if value is not None)
        return f"update the user {self.user} of {self.broker}: {named}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return users.update_user(
            account,
            self.broker,
            self.user,
            password=self.password,
            groups=self.groups,
            console_access=self.console_access,
        )


class DeleteUser(OfUser):
    """Delete a user at the broker's next reboot."""

    verb: ClassVar[str] = "delete-user"

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"delete the user {self.user} of {self.broker}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return users.delete_user(account, self.broker, self.user)
