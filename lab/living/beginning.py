"""Verbs that begin in a turn and go on without it: reboot, create-broker, delete-broker.

The broker's new state is on file when the beginning returns. The rest takes a turn only while it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from lab.declare.steps.base import Step
from lab.declare.steps.service import CreateBroker, DeleteBroker, Reboot
from lab.history import Observation
from lab.living.control_plane import KeptControlPlane
from lab.living.lab import Live
from lab.operating import ControlPlane, Done
from lab.operating.reboot import begin_reboot, do_reboot
from lab.operating.service import begin_creation, begin_deletion, do_create_broker, do_delete_broker
from lab.plan.control import Control
from lab.runtime.verb_owners import owned

Reach = Callable[[], Any]  # a context manager of the Live that goes on with a verb


def begins(verb: Step) -> bool:
    """Return whether a verb has a beginning that is on file before the rest is done."""
    return type(verb) in _VERBS


def begin(live: Live, verb: Step, reach: Reach) -> Callable[[], None]:
    """Begin a verb, and return the function that does the rest; `reach` has the Live for that."""
    begin_it, do = _VERBS[type(verb)]
    with live.turn(), ExitStack() as stack:
        plane = live.plane
        name = getattr(verb, "broker")  # noqa: B009 - every such verb is on a broker
        number = stack.enter_context(owned(live.run, name, live.lab.note_folder))
        ended = stack.enter_context(live.history.step(verb, number))
        begin_it(plane, name)
        kept = stack.pop_all()

    def rest() -> None:
        with kept, reach() as other:
            ended.append(do(MomentaryPlane(other), verb, resumed=True))

    return rest


class MomentaryPlane(KeptControlPlane):
    """A control plane whose caller has no turn: each change takes a turn."""

    def __init__(self, live: Live) -> None:
        super().__init__(live.lab, live.history.record)
        self._live = live

    @property
    def control(self) -> Control:
        """Return the service's records and the network as they are now."""
        with self._live.moment():
            return self.lab.note.control

    def record(self, *observations: Observation, lasts: float = 0.0) -> None:
        """Record observations, and the instances that are out."""
        with self._live.moment():
            super().record(*observations, lasts=lasts)

    def change(self, verb: Callable[[Control], Done]) -> Done:
        """Change the Control in a turn."""
        with self._live.moment():
            return super().change(verb)

    def report_late(self, broker: str, number: int, *, since: float, within: float, action: str) -> str:
        """Raise LabTimeout; the instance is out until the history has its start."""
        with self._live.moment():
            return super().report_late(broker, number, since=since, within=within, action=action)


# By verb: its beginning, and the function that does the rest.
_VERBS: Mapping[type[Step], tuple[Callable[[ControlPlane, str], None], Callable[..., Done]]] = {
    Reboot: (begin_reboot, do_reboot),
    DeleteBroker: (begin_deletion, do_delete_broker),
    CreateBroker: (begin_creation, do_create_broker),
}
