"""Notes the states that are uncertain after the step `move-clock`."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.instances import Connectors
from lab.check.steps import checks
from lab.declare.steps.move_clock import MoveClock
from lab.errors import Problem


@checks.register(MoveClock)
def check_move_clock(context: Context, step: MoveClock) -> Iterator[Problem]:
    """Note that a maintenance window may reboot any broker at an unknown time, which starts its connectors."""
    context.recall(Connectors).uncertain.update(context.topology.brokers)
    yield from ()
