"""An instance asked to end."""

from __future__ import annotations

from lab.declare.steps.stop import Stop
from lab.operating import instances, operations
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done


@operations.register(Stop)
def do_stop(plane: ControlPlane, verb: Stop) -> Done:
    """Ask the instance to end; the verb has failed if it had to be killed."""
    number = instances.target(plane, verb)
    with instances.taken_out(plane, verb, number):
        return instances.stop(plane, verb.broker, number, verb.within.total_seconds())
