"""An instance frozen."""

from __future__ import annotations

from lab.declare.steps.pause import Pause
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.instances import end
from lab.operating.outcome import Done


@operations.register(Pause)
def do_pause(plane: ControlPlane, verb: Pause) -> Done:
    """Freeze the instance's process."""
    return end(plane, verb, plane.lab.instances.pause)
