"""A link that is cut, healed, made to reject, or impaired, perhaps several times; packets follow at once."""

from __future__ import annotations

from lab.declare.steps.base import OnLink
from lab.declare.steps.links import Cut, Flap, Heal
from lab.operating import operations
from lab.operating.control_plane import ControlPlane, Done


@operations.register(OnLink)
def do_link(plane: ControlPlane, verb: OnLink) -> Done:
    """Change the link in one step, in one direction or both."""
    observations = plane.lab.links.change(
        verb.link, leaving=verb.leaving, impairment=verb.new_impairment, state=verb.brings
    )
    plane.record(*observations)
    return Done(control=plane.control, observations=tuple(observations))


@operations.register(Flap)
def do_flap(plane: ControlPlane, verb: Flap) -> Done:
    """Cut and heal the link in turns; every moment counts from the first cut, so that delays do not add up."""
    clock, down, up = plane.lab.clock, verb.down.total_seconds(), verb.up.total_seconds()
    cut, heal = (kind(link=verb.link, leaving=verb.leaving) for kind in (Cut, Heal))
    begin = clock.now()
    done = Done(control=plane.control)
    for time in range(verb.times):
        plane.wait(lambda: False, max(begin + time * (down + up) - clock.now(), 0.0))
        do_link(plane, cut)
        plane.wait(lambda: False, max(begin + time * (down + up) + down - clock.now(), 0.0))
        done = do_link(plane, heal)
    return done
