"""A process that dies at any step of a creation, a reboot or a deletion leaves a verb that another process ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.amazonmq.account.account import unfinished
from lab.declare.steps.base import Step
from lab.declare.steps.service import CreateBroker, DeleteBroker, Reboot
from lab.history import Observation
from lab.operating import Done, operate
from lab.operating.reboot import do_reboot
from lab.operating.service import do_create_broker, do_delete_broker
from lab.plan.control import Control
from tests.operating.plane import Plane
from tests.operating.test_creation import opened_lab, states


class Died(BaseException):
    """The process has ended; nothing in it goes on."""


class Dying(Plane):
    """The control plane of a process that dies before or after its n-th step."""

    def __init__(self, plane: Plane, dies_at: int, *, after: bool) -> None:
        super().__init__(plane.lab, plane.plan, plane.control)
        self._left, self._after = dies_at, after

    def _step(self, act: Callable[[], Any]) -> Any:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Died
        outcome = act()
        if self._left == 0:
            raise Died
        return outcome

    def change(self, verb: Callable[[Control], Done]) -> Done:
        return self._step(lambda: super(Dying, self).change(verb))  # type: ignore[no-any-return]

    def record(self, *observations: Observation, lasts: float = 0.0) -> None:
        self._step(lambda: super(Dying, self).record(*observations, lasts=lasts))

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        return self._step(lambda: super(Dying, self).wait(until, seconds))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("verb", "do", "outcome"),
    [
        (CreateBroker(broker="singapore"), do_create_broker, "RUNNING"),
        (Reboot(broker="tokyo"), do_reboot, "RUNNING"),
        (DeleteBroker(broker="tokyo"), do_delete_broker, None),
    ],
)
def test_it_is_ended_whenever_the_process_died(verb: Step, do: Any, outcome: str | None) -> None:
    broker, taken_over = getattr(verb, "broker"), 0  # noqa: B009 - each of these verbs has one
    for after in (False, True):
        for number in range(1, 100):
            dying = Dying(opened_lab(), number, after=after)
            try:
                operate(dying, verb)
            except Died:
                pass
            else:
                break
            other = Plane(dying.lab, dying.plan, dying.control)
            if unfinished(other.control.account):
                taken_over += 1
                do(other, verb, resumed=True)
                assert states(other.control.account).get(broker) == outcome, f"it died at step {number}, {after=}"
                assert unfinished(other.control.account) == ()
    assert taken_over >= 2, "the process died at several steps of the verb"
