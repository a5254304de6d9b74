"""The service's clock, set forward: to a moment, or to just before a broker's next maintenance window."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from lab.amazonmq.account.account import clock_text, move_clock
from lab.operating.done import Done
from lab.plan.control import Control


def moved(control: Control, machine: datetime, to: datetime) -> Done:
    """Set the clock to a moment; refused where that has passed."""
    account = move_clock(control.account, to, machine)
    return Done(control=replace(control, account=account), note=f"the service's clock is at {clock_text(to)}")


def moved_before(control: Control, machine: datetime, broker: str, by: timedelta) -> Done:
    """Set the clock to so long before a broker's next window opens; where it opens sooner, the clock stays."""
    now = control.account.now(machine)
    return moved(control, machine, max(now, control.account.broker(broker).window.opens_after(now) - by))
