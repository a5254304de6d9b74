"""The process of an instance ended at once."""

from __future__ import annotations

from lab.declare.steps.kill import Kill
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.instances import end
from lab.operating.outcome import Done


@operations.register(Kill)
def do_kill(plane: ControlPlane, verb: Kill) -> Done:
    """Kill the instance's process."""
    return end(plane, verb, plane.lab.instances.kill)
