"""A link that is cut, healed, made to reject, or impaired; packets follow at once."""

from __future__ import annotations

from lab.declare.steps.link import OnLink
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done


@operations.register(OnLink)
def do_link(plane: ControlPlane, verb: OnLink) -> Done:
    """Change the link in one step, in one direction or both."""
    observations = plane.lab.links.change(
        verb.link, leaving=verb.leaving, impairment=verb.new_impairment, state=verb.brings
    )
    plane.record(*observations)
    return Done(control=plane.control, observations=tuple(observations))
