"""Claims about the service's own side: a broker's state, which revision it has and which waits, users, warnings."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from lab.amazonmq.account.broker_record import BrokerState as State
from lab.declare.expectation import Expectation
from lab.declare.fields import Amount, Name, Whole

# The steps that such a claim can look behind: of several, the end of the last one is meant.
AfterService = Literal[
    "create-configuration", "update-configuration", "update-broker", "maintenance-window", "move-clock",
    "create-user", "update-user", "delete-user", "reboot", "wait",
]  # fmt: skip


class BrokerStateClaim(Expectation):
    """A broker is in a state of the service's, at the end, after a step, or at some moment while it was done."""

    claim: ClassVar[str] = "broker-state"
    broker: Name
    state: State
    after: AfterService | None = None
    during: AfterService | None = None

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if self.after is not None and self.during is not None:
            raise ValueError("after and during exclude each other")
        return self


class ConfigurationClaim(Expectation):
    """A broker has a revision of a configuration, and another one waits for its reboot, or none."""

    claim: ClassVar[str] = "configuration"
    broker: Name
    name: str | None = None  # of the configuration it has, whichever when left out
    current: Whole | None = None
    pending: Whole | Literal["none"] | None = None
    after: AfterService | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.name is None and self.current is None and self.pending is None:
            raise ValueError("say what is claimed: name, current or pending")
        return self


class UsersClaim(Expectation):
    """What waits for a user of a broker: creation, an update, deletion, or nothing; or that there is no such user."""

    claim: ClassVar[str] = "users"
    broker: Name
    user: str
    pending: Literal["create", "update", "delete", "none", "no-such-user"]
    after: AfterService | None = None


class WarningsClaim(Expectation):
    """What the service removed when it saved a revision."""

    claim: ClassVar[str] = "warnings"
    configuration: str
    revision: Whole | None = None  # the last one saved when left out
    count: Amount | None = None  # of removals
    reason: (
        Literal["DISALLOWED_ELEMENT_REMOVED", "DISALLOWED_ATTRIBUTE_REMOVED", "INVALID_ATTRIBUTE_VALUE_REMOVED"] | None
    ) = None  # at least one warning has it, and the element and the attribute that are given
    element: str | None = None
    attribute: str | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.count is None and self.reason is None and self.element is None and self.attribute is None:
            raise ValueError("say what is claimed: count, reason, element or attribute")
        return self


SERVICE_CLAIMS: tuple[type[Expectation], ...] = (BrokerStateClaim, ConfigurationClaim, UsersClaim, WarningsClaim)
