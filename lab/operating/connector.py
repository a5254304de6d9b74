"""A network connector stopped or started."""

from __future__ import annotations

from lab.declare.steps.connector import ConnectorStep
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done


@operations.register(ConnectorStep)
def do_connector(plane: ControlPlane, verb: ConnectorStep) -> Done:
    """Stop or start the connector over the broker's JMX."""
    changed = plane.lab.management.change_connector(verb.broker, verb.name, verb.do)
    plane.record(changed)
    return Done(control=plane.control, observations=(changed,))
