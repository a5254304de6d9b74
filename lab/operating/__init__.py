"""The verbs, done to a lab: a pure function decides on those of the cloud, the lab does, the history records.

A verb is a frozen value, the step that a scenario would write. Steps of a scenario, commands on a running lab and
programs do it in the same way: by the function that is registered for its class, or else for its base class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.declare.kinds import Registry
from lab.declare.steps.base import Step
from lab.errors import PlanError
from lab.operating.control_plane import ControlPlane, Done

__all__ = ["ControlPlane", "Done", "is_verb", "operate", "operations"]

operations: Registry[Callable[[ControlPlane, Any], Done]] = Registry(
    __name__, "instances", "links", "network", "service reboot"
)


def is_verb(kind: type[Step]) -> bool:
    """Return whether a step is a verb of a lab; any other one belongs to a scenario's replay."""
    return bool(operations.of(kind))


def operate(plane: ControlPlane, verb: Step) -> Done:
    """Do a verb and return its outcome; raise InputError, with nothing changed, if AWS would refuse it.

    >>> operate(plane, Cut(link="tokyo-singapore")).observations[0].state
    'cut'
    """
    for do in operations.of(type(verb)):
        return do(plane, verb)
    raise PlanError(f"no function performs the verb {verb.verb}", "read the part on adding a step in ARCHITECTURE.md")
