"""What a check is handed: the step or expectation in hand, and what the checks of those before it remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.declare.suggestions import unknown
from lab.declare.topology import Topology
from lab.errors import Place, Problem


class Remembered(Protocol):
    """Something that checks write down on their way through the steps, made of the scenario before the first one."""

    def __init__(self, scenario: Scenario) -> None: ...


_Remembered = TypeVar("_Remembered", bound=Remembered)


@dataclass(slots=True, kw_only=True)
class Context:
    """Where the step or the expectation in hand is written, and what is known around it."""

    scenario: Scenario
    path: Keys  # to what stands after its verb or claim
    memory: dict[type, Any] = field(default_factory=dict)  # one for a whole scenario
    unknown: set[str] = field(default_factory=set)  # its fields that name what is not there

    @property
    def topology(self) -> Topology:
        """Return the topology of the scenario."""
        return self.scenario.topology

    def recall(self, kind: type[_Remembered]) -> _Remembered:
        """Return what the checks have written down in their one `kind`; who asks first has it made."""
        if kind not in self.memory:
            self.memory[kind] = kind(self.scenario)
        found: _Remembered = self.memory[kind]
        return found

    def place(self, *field: str | int) -> Place | None:
        """Return where a field is written, or what stands nearest around it."""
        return self.scenario.origin.place(*self.path, *field)

    def wrong(self, field: str, what: str, remedy: str) -> Problem:
        """Return a Problem of a field."""
        return Problem(what=what, remedy=remedy, place=self.place(field))

    def whole(self, what: str, remedy: str) -> Problem:
        """Return a Problem of all of it."""
        return Problem(what=what, remedy=remedy, place=self.scenario.origin.key(*self.path))

    def missing(self, field: str, kind: str, name: str, valid: Iterable[str], label: str) -> Problem:
        """Return the Problem that a field names what is not there."""
        return unknown(kind, name, valid, label, self.place(field))
