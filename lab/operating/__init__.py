"""The verbs, done to a lab: a pure function decides on those of the cloud, the lab does, the history records.

A verb is a frozen value, the step that a scenario would write. Steps of a scenario, commands on a running lab and
programs do it in the same way: by `operate` of the module here that has the name of the verb's own module, or else of
its base class's module.
"""

from __future__ import annotations

from lab.declare.kinds import Find, of_kind
from lab.declare.steps.base import Step
from lab.errors import PlanError
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done

__all__ = ["ControlPlane", "Done", "is_verb", "operate"]


def is_verb(kind: type[Step]) -> bool:
    """Return whether a step is a verb of a lab; any other one belongs to a scenario's replay."""
    return bool(of_kind(kind, __name__, "operate"))


def operate(plane: ControlPlane, verb: Step, find: Find = of_kind) -> Done:
    """Do a verb and return its outcome; raise InputError, with nothing changed, if AWS would refuse it.

    >>> operate(plane, Cut(link="tokyo-singapore")).observations[0].state
    'cut'
    """
    for does in find(type(verb), __name__, "operate"):
        done: Done = does(plane, verb)
        return done
    raise PlanError(f"no function performs the verb {verb.verb}", "read the part on adding a step in ARCHITECTURE.md")
