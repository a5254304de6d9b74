"""The service's clock, set forward."""

from __future__ import annotations

from dataclasses import replace

from lab.amazonmq.account.account import clock_text
from lab.declare.steps.move_clock import MoveClock
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done
from lab.plan.control import Control


@operations.register(MoveClock)
def do_move_clock(plane: ControlPlane, verb: MoveClock) -> Done:
    """Set the clock forward, as far as the verb decides; a maintenance window that opens sooner leaves it as it is."""

    def move(control: Control) -> Done:
        machine = plane.machine
        account = verb.decide(control.account, machine)
        note = f"the service's clock is at {clock_text(account.now(machine))}"
        return Done(control=replace(control, account=account), note=note)

    return plane.change(move)
