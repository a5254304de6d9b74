"""The expectation `users`: the pending change of a broker's user."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.expectations.base import AfterService, Expectation
from lab.declare.references import BrokerName
from lab.declare.steps.base import Part


class UsersExpectation(Expectation):
    """A user of a broker has the given pending change in Amazon MQ's records."""

    kind: ClassVar[str] = "users"
    of_service: ClassVar[bool] = True
    depends_on: ClassVar[Part] = Part.RECORDS
    broker: BrokerName
    """The broker that the user belongs to."""
    user: str
    """The name of the user."""
    pending: Literal["create", "update", "delete", "none", "no-such-user"]
    """The change that waits for a reboot, `none`, or `no-such-user`."""
    after: AfterService | None = None
    """The step after which the record is checked (default: the end of the run)."""
