"""A frozen instance that continues."""

from __future__ import annotations

from lab.declare.steps.resume import Resume
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.instances import switched, target
from lab.operating.outcome import Done


@operations.register(Resume)
def do_resume(plane: ControlPlane, verb: Resume) -> Done:
    """Let the instance's process continue."""
    return switched(plane, plane.lab.instances.resume(verb.broker, target(plane, verb)))
