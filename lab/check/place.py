"""Where the step in hand is written, and Problems of its fields."""

from __future__ import annotations

from dataclasses import dataclass

from lab.declare.origin import Keys, Origin
from lab.declare.suggestions import unknown
from lab.declare.topology import Topology
from lab.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """The step in hand: where it is written, and what stands around it."""

    topology: Topology
    origin: Origin
    path: Keys

    def wrong(self, field: str, what: str, remedy: str) -> Problem:
        """Make a Problem of one of the step's fields."""
        return Problem(what=what, remedy=remedy, place=self.origin.place(*self.path, field))

    def unknown(self, field: str, kind: str, name: str, valid: list[str], label: str) -> Problem:
        """Make a Problem of a name that nobody has."""
        return unknown(kind, name, valid, label, self.origin.place(*self.path, field))
