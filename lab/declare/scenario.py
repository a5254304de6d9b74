"""A Scenario as a person declares it: a topology, steps in order, expectations, a seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr

from lab.declare.application import Application
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Declared, Name, Whole
from lab.declare.origin import Origin
from lab.declare.steps.base import Step
from lab.declare.topology import Topology

MOST_CLIENTS = 1000


class Scenario(Declared):
    """A test case: a topology, the steps that run in it, and the expectations of the run.

    >>> scenario = load_named("tokyo-singapore", {})
    >>> [step.verb for step in scenario.steps], [expectation.kind for expectation in scenario.expect]
    (['subscribe', 'subscribe', 'publish', 'publish'], ['delivered', 'bridge', 'latency'])
    >>> {name: broker.region for name, broker in scenario.topology.brokers.items()}
    {'tokyo': 'tokyo', 'singapore': 'singapore'}
    """

    scenario: str = Field(min_length=1)
    """The name of the scenario."""
    about: str = ""
    """A description for people."""
    topology: Topology
    """The topology, or the path of its file, relative to this file."""
    seed: Whole = Field(default=1, le=2**63 - 1)
    """The seed of all random choices in a run."""
    clients: Annotated[Mapping[Name, Application], Field(max_length=MOST_CLIENTS)] = {}
    """The applications that expectations name; the topology must `observe` the destinations of their messages."""
    user: str | None = None
    """The user that clients log in as, on each broker that has a user of this name (default: the broker's `user`)."""
    steps: tuple[Step, ...]
    """The steps of the scenario, in order (default with `clients`: an empty list)."""
    expect: tuple[Expectation, ...] = ()
    """The expectations, each with one verdict when the run ends."""
    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def is_topology(self) -> bool:
        """Return whether its file is a topology's, so that nothing is done and nothing expected."""
        return self._origin.topology_alone

    @property
    def origin(self) -> Origin:
        """Return the places in the scenario's files, and copies of them; empty if no file holds it."""
        return self._origin

    def from_files(self, origin: Origin) -> Self:
        """Return a copy with an origin."""
        copy = self.model_copy()
        copy._origin = origin
        return copy

    def with_logins(self) -> Self:
        """Return a copy in which the scenario's user is the `user` of each broker that has it."""
        brokers = {
            name: broker.model_copy(update={"user": self.user}) if self.user in broker.users else broker
            for name, broker in self.topology.brokers.items()
        }
        copy = self.model_copy(update={"topology": self.topology.model_copy(update={"brokers": brokers})})
        copy._origin = self._origin
        return copy

    def with_seed(self, seed: int) -> Self:
        """Return a copy with another seed."""
        copy = self.model_copy(update={"seed": seed})
        copy._origin = self._origin
        return copy

    def declared(self) -> dict[str, Any]:
        """Return the scenario as a JSON-able dict with the keys of its file, with defaults and without passwords."""
        written = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"steps", "expect"})
        for broker in written["topology"]["brokers"].values():
            for user in broker["users"].values():
                del user["password"]
        written["steps"] = [step.entry() for step in self.steps]
        written["expect"] = [{expectation.kind: expectation.written()} for expectation in self.expect]
        return {**written, "set": dict(self._origin.set)} if self._origin.set else written
