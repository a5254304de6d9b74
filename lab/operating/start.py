"""An instance that has ended, started again."""

from __future__ import annotations

from lab.declare.steps.start import Start
from lab.operating import instances, operations
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done


@operations.register(Start)
def do_start(plane: ControlPlane, verb: Start) -> Done:
    """Start the instance; wait until its endpoints listen, or, of a pair, until it is ready to take over."""
    number = instances.target(plane, verb)
    with instances.taken_out(plane, verb, number):  # one that has ended by itself is not out by a verb yet
        return instances.start(plane, verb.broker, number, verb.within.total_seconds(), verb.verb)
