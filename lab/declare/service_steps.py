"""Steps that whoever looks after the brokers does in Amazon MQ: configurations, what is pending, users, windows."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal, Self

from pydantic import SecretStr, model_validator

from lab.declare.broker_steps import STARTS_WITHIN
from lab.declare.fields import Duration, Moment, Name, Texts, Whole, YesNo
from lab.declare.step import Step
from lab.declare.topology import Configuration

JUST_BEFORE = timedelta(seconds=5)


class OfService(Step):
    """A step that is done in the service."""


class CreateConfiguration(OfService):
    """A configuration is made from the service's default for its engine version."""

    verb: ClassVar[str] = "create-configuration"
    configuration: str
    engine_version: str = "5.18"


class UpdateConfiguration(OfService):
    """A whole text is saved as a configuration's next revision; no broker changes by that."""

    verb: ClassVar[str] = "update-configuration"
    configuration: str
    file: Configuration
    description: str = ""


class UpdateBroker(OfService):
    """A revision becomes pending for a broker, until a reboot, which may be ordered at once."""

    verb: ClassVar[str] = "update-broker"
    broker: Name
    configuration: str | None = None  # the one that the broker has when left out
    revision: Whole | None = None  # the latest when left out
    security_groups: Texts | None = None
    roll_back: YesNo = False  # to the last configuration that it had
    apply: Literal["immediately", "next-window"] = "next-window"
    downtime: Duration | None = None  # of the reboot; the topology's reboot-time when left out
    within: Duration = STARTS_WITHIN

    @model_validator(mode="after")
    def _something(self) -> Self:
        chosen = self.configuration is not None or self.revision is not None
        if self.roll_back and chosen:
            raise ValueError("roll-back chooses the revision: remove configuration and revision")
        if not (self.roll_back or chosen or self.security_groups is not None):
            raise ValueError("say what is to change: configuration, revision, security-groups, or roll-back: yes")
        if self.apply != "immediately" and (self.downtime is not None or self.within != STARTS_WITHIN):
            raise ValueError("downtime and within are of a reboot: write apply: immediately")
        return self


class MaintenanceWindow(OfService):
    """A broker's weekly maintenance window is set; when it opens, what is pending is applied by a reboot."""

    verb: ClassVar[str] = "maintenance-window"
    broker: Name
    day: str
    time: str
    zone: str = "UTC"


class MoveClock(OfService):
    """The service's clock is set forward: to a moment, or to just before a broker's next maintenance window."""

    verb: ClassVar[str] = "move-clock"
    to: Moment | None = None
    before: Name | None = None  # the broker whose window is meant
    by: Duration = JUST_BEFORE

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if (self.to is None) == (self.before is None):
            raise ValueError("give one moment: to: MOMENT, or before: BROKER")
        if self.to is not None and self.by != JUST_BEFORE:
            raise ValueError("by is how long before a window: it goes with before")
        return self


class OfUser(OfService):
    """A step that changes a user, from the broker's next reboot on."""

    broker: Name
    user: str


class CreateUser(OfUser):
    """A user is made, whom the broker knows after its next reboot."""

    verb: ClassVar[str] = "create-user"
    password: SecretStr
    groups: Texts = ()
    console_access: YesNo = False


class UpdateUser(OfUser):
    """What is given of a user changes with the broker's next reboot."""

    verb: ClassVar[str] = "update-user"
    password: SecretStr | None = None
    groups: Texts | None = None
    console_access: YesNo | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.password is None and self.groups is None and self.console_access is None:
            raise ValueError("say what is to change: password, groups or console-access")
        return self


class DeleteUser(OfUser):
    """A user goes with the broker's next reboot."""

    verb: ClassVar[str] = "delete-user"


SERVICE_STEPS: tuple[type[OfService], ...] = (
    CreateConfiguration, UpdateConfiguration, UpdateBroker, MaintenanceWindow, MoveClock,
    CreateUser, UpdateUser, DeleteUser,
)  # fmt: skip
SECRET_STEPS = (CreateUser.verb, UpdateUser.verb)
