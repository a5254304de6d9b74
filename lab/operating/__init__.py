"""The verbs of the cloud, done to a lab: decided by a pure function, done, and told.

A verb is a frozen value, the step that a scenario would write. Steps of a scenario, commands on a running lab and
programs do it in the same way: by the `operate` of the module here that is called as the verb's own, or else as the
module of what it has in common with others.
"""

from __future__ import annotations

from lab.declare.kinds import Find, of_kind
from lab.declare.steps.base import Step
from lab.errors import PlanError
from lab.operating.control_plane import ControlPlane
from lab.operating.done import Done

__all__ = ["ControlPlane", "Done", "operate"]


def operate(plane: ControlPlane, verb: Step, find: Find = of_kind) -> Done:
    """Do a verb; what AWS refuses is an InputError, and has changed nothing."""
    for does in find(type(verb), __name__, "operate"):
        done: Done = does(plane, verb)
        return done
    raise PlanError(f"nobody knows how to {verb.verb}", "see ARCHITECTURE.md: to add a step")
