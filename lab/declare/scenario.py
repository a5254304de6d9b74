"""A Scenario as a person declares it: a topology, steps in order, expectations, one seed.

A step is one verb; an expectation is one claim. Adding either is one class here (see ARCHITECTURE.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from pydantic import Field, PrivateAttr, model_validator

from lab.activemq.protocols import Over
from lab.declare.attempts import Connect
from lab.declare.broker_steps import BROKER_STEPS
from lab.declare.client_steps import CLIENT_STEPS
from lab.declare.counter_claims import Snapshot
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Declared, Duration, MessageRate, Name, Whole
from lab.declare.origin import Origin
from lab.declare.service_steps import SERVICE_STEPS
from lab.declare.step import Message, OneDestination, OnLink, Step
from lab.declare.terms import SubscriptionTerms
from lab.declare.timed import EndTraffic, Flap, Holding, Repeat, Together, Traffic, Wait
from lab.declare.topology import ImpairmentFields, Topology
from lab.declare.vpc_steps import NETWORK_STEPS, Try
from lab.units import parse_duration


class Subscribe(Step, OneDestination, SubscriptionTerms):
    """A client begins to listen, and stays until unsubscribed or the scenario ends."""

    verb: ClassVar[str] = "subscribe"
    client: Name
    broker: Name
    over: Over
    qos: Whole = Field(default=1, ge=0, le=2)  # MQTT only
    user: str | None = None  # the broker's only user when left out


class Unsubscribe(Step):
    """A client stops listening to all it had subscribed to, durable or not, and goes."""

    verb: ClassVar[str] = "unsubscribe"
    client: Name


class Publish(Message):
    """Messages are sent and their receipts awaited."""

    verb: ClassVar[str] = "publish"
    count: Whole = Field(default=1, ge=1, le=10_000_000)
    every: Duration | None = None  # as fast as receipts allow when both are left out
    rate: MessageRate | None = None

    @model_validator(mode="after")
    def _one_pace(self) -> Self:
        if self.every is not None and self.rate is not None:
            raise ValueError("every and rate say the same thing: write one of them")
        return self


class Impair(Step, OnLink, ImpairmentFields):
    """A link's impairment is replaced as a whole."""

    verb: ClassVar[str] = "impair"


class Cut(Step, OnLink):
    """A link drops every packet silently."""

    verb: ClassVar[str] = "cut"


class Reject(Step, OnLink):
    """A link answers every packet as a closed port would."""

    verb: ClassVar[str] = "reject"


class Heal(Step, OnLink):
    """A cut or rejecting link passes packets again, impaired as before."""

    verb: ClassVar[str] = "heal"


STEPS: tuple[type[Step], ...] = (
    Subscribe, Unsubscribe, *CLIENT_STEPS, Publish, Traffic, EndTraffic, Wait, Impair, Cut, Reject, Heal, Flap,
    Together, Repeat, *BROKER_STEPS, Snapshot, *NETWORK_STEPS, Try, *SERVICE_STEPS, Connect,
)  # fmt: skip


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


def steps_of(declared: Mapping[str, Any]) -> tuple[Step, ...]:
    """Rebuild the steps from what `Scenario.declared` gave."""
    return _steps(declared["steps"])


def _steps(entries: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    kinds = {step.verb: step for step in STEPS}
    found = []
    for entry in entries:
        ((verb, fields),) = ((verb, fields) for verb, fields in entry.items() if verb != "at")
        kind = kinds[verb]
        if issubclass(kind, Holding):
            fields = kind.holding(fields, _steps(kind.listed(fields)))
        found.append(kind.model_validate(fields).beginning(parse_duration(entry["at"]) if "at" in entry else None))
    return tuple(found)
