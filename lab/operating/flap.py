"""A link that is cut and healed several times."""

from __future__ import annotations

from lab.declare.steps.cut import Cut
from lab.declare.steps.flap import Flap
from lab.declare.steps.heal import Heal
from lab.operating import link, operations
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done


@operations.register(Flap)
def do_flap(plane: ControlPlane, verb: Flap) -> Done:
    """Cut and heal the link in turns; every moment counts from the first cut, so that delays do not add up."""
    clock, down, up = plane.lab.clock, verb.down.total_seconds(), verb.up.total_seconds()
    cut, heal = (kind(link=verb.link, leaving=verb.leaving) for kind in (Cut, Heal))
    begin = clock.now()
    done = Done(control=plane.control)
    for time in range(verb.times):
        plane.wait(lambda: False, max(begin + time * (down + up) - clock.now(), 0.0))
        link.do_link(plane, cut)
        plane.wait(lambda: False, max(begin + time * (down + up) + down - clock.now(), 0.0))
        done = link.do_link(plane, heal)
    return done
