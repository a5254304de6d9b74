"""A Scenario as a person declares it: a topology, steps in order, expectations, one seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import Field, PrivateAttr

from lab.declare.expectations.base import Expectation
from lab.declare.fields import Declared, Whole
from lab.declare.origin import Origin
from lab.declare.steps import STEPS
from lab.declare.steps.base import Compound, Step
from lab.declare.topology import Topology
from lab.units import parse_duration


class Scenario(Declared):
    """One story: what stands, what happens, what should be true of it."""

    scenario: str = Field(min_length=1)
    about: str = ""
    topology: Topology
    seed: Whole = Field(default=1, le=2**63 - 1)
    steps: tuple[Step, ...]  # each written as {verb: fields}, perhaps with an at beside it
    expect: tuple[Expectation, ...] = ()  # each written as {claim: fields}
    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def origin(self) -> Origin:
        """Return the places and copies of the files it was loaded from."""
        return self._origin

    def from_files(self, origin: Origin) -> Self:
        """Return a copy that remembers its files."""
        copy = self.model_copy()
        copy._origin = origin
        return copy

    def with_seed(self, seed: int) -> Self:
        """Return a copy that makes other choices."""
        copy = self.model_copy(update={"seed": seed})
        copy._origin = self._origin
        return copy

    def declared(self) -> dict[str, Any]:
        """Return all of it, defaults too, as a JSON-able dict in the words of its file, without passwords."""
        written = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"steps", "expect"})
        for broker in written["topology"]["brokers"].values():
            for user in broker["users"].values():
                del user["password"]
        written["steps"] = [step.entry() for step in self.steps]
        written["expect"] = [{expectation.claim: expectation.written()} for expectation in self.expect]
        return written


def steps_of(declared: Mapping[str, Any], kinds: Sequence[type[Step]] = STEPS) -> tuple[Step, ...]:
    """Rebuild the steps from what `Scenario.declared` gave."""
    return _steps(declared["steps"], {kind.verb: kind for kind in kinds})


def _steps(entries: Sequence[Mapping[str, Any]], kinds: Mapping[str, type[Step]]) -> tuple[Step, ...]:
    found = []
    for entry in entries:
        ((verb, fields),) = ((verb, fields) for verb, fields in entry.items() if verb != "at")
        kind = kinds[verb]
        if issubclass(kind, Compound):
            fields = kind.holding(fields, _steps(kind.listed(fields), kinds))
        found.append(kind.model_validate(fields).beginning(parse_duration(entry["at"]) if "at" in entry else None))
    return tuple(found)
