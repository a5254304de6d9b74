"""The argument of every check: the location of a step or an expectation, and the memory of earlier checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any, Protocol, TypeVar

from lab.base.dataclass import dataclass
from lab.base.suggestions import unknown
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.declare.topology import Topology
from lab.errors import Place, Problem


class Remembered(Protocol):
    """A memory that checks share on their way through the steps; created from the scenario before the first entry."""

    def __init__(self, scenario: Scenario) -> None: ...


_Remembered = TypeVar("_Remembered", bound=Remembered)


@dataclass(slots=True, kw_only=True)
class Context:
    """The step or expectation being checked: its place, its scenario, and the memory of earlier checks."""

    scenario: Scenario
    path: Keys  # to the fields after its verb or expectation
    memory: dict[type, Any] = field(default_factory=dict)  # by type; shared by all checks of a scenario
    unknown: set[str] = field(default_factory=set)  # its fields whose reference is unknown

    @property
    def topology(self) -> Topology:
        """Return the topology of the scenario."""
        return self.scenario.topology

    def recall(self, kind: type[_Remembered]) -> _Remembered:
        """Return the memory of a type, which all checks of a scenario share; create it at the first call."""
        if kind not in self.memory:
            self.memory[kind] = kind(self.scenario)
        found: _Remembered = self.memory[kind]
        return found

    def place(self, *field: str | int) -> Place | None:
        """Return the place of a field, or of the nearest written value around it."""
        return self.scenario.origin.place(*self.path, *field)

    def wrong(self, field: str, problem: str, remedy: str) -> Problem:
        """Return a Problem at a field."""
        return Problem(what=problem, remedy=remedy, place=self.place(field))

    def written(self, field: str, entry: str) -> str:
        """Return a field with a value as a file has it."""
        return f"{field}: {entry}"

    def whole(self, problem: str, remedy: str) -> Problem:
        """Return a Problem at the verb of a step, or at the kind of an expectation."""
        return Problem(what=problem, remedy=remedy, place=self.scenario.origin.key(*self.path))

    def missing(self, field: str, kind: str, name: str, valid: Iterable[str], label: str) -> Problem:
        """Return the Problem that a field names a thing, such as a broker, that does not exist."""
        return unknown(kind, name, valid, label, self.place(field))
