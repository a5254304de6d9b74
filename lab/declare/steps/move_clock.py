"""The step `move-clock`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar, Self

from pydantic import model_validator

from lab.amazonmq.account.account import Account, move_clock
from lab.base import units
from lab.declare.fields import Duration, Moment, Name
from lab.declare.steps.base import Part
from lab.declare.steps.service import OfService

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
