"""What the step `move-clock` leaves uncertain for the steps after it."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.instances import Connectors
from lab.declare.steps.move_clock import MoveClock
from lab.errors import Problem


def check(context: Context, step: MoveClock) -> Iterator[Problem]:
    """Note that a window may open, and the reboot in it starts connectors: nobody knows when."""
    context.recall(Connectors).uncertain.update(context.topology.brokers)
    yield from ()
