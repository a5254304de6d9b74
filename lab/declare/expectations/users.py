"""The expectation `users`: the pending change of a broker's user."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.expectations.base import AfterService, Expectation
from lab.declare.references import BrokerName
from lab.declare.steps.base import Part


class UsersExpectation(Expectation):
    """A user of a broker has a pending creation, update or deletion, or none; or there is no such user."""

    kind: ClassVar[str] = "users"
    of_service: ClassVar[bool] = True
    rests_on: ClassVar[Part] = Part.RECORDS
    broker: BrokerName
    user: str
    pending: Literal["create", "update", "delete", "none", "no-such-user"]
    after: AfterService | None = None
