"""A Scenario as a person declares it: a topology, steps in order, expectations, one seed.

A step is one verb; an expectation is one claim. Adding either is one class here (see ARCHITECTURE.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from lab.activemq.protocols import Over
from lab.declare.attempts import Connect, Unreachable
from lab.declare.broker_claims import After, Log, Recovered
from lab.declare.broker_steps import BROKER_STEPS
from lab.declare.client_steps import CLIENT_STEPS
from lab.declare.console_claims import CONSOLE_CLAIMS
from lab.declare.counter_claims import Counters, Demanded, Discarded, Forwarded, Snapshot, Stuck
from lab.declare.expectation import Expectation
from lab.declare.fields import Bounds, Declared, Duration, Each, MessageRate, Name, Pair, Receivers, Whole, YesNo
from lab.declare.origin import Origin
from lab.declare.service_claims import SERVICE_CLAIMS
from lab.declare.service_steps import SERVICE_STEPS
from lab.declare.step import Addressed, Message, OneDestination, OnLink, Step
from lab.declare.terms import SubscriptionTerms
from lab.declare.timed import EndTraffic, Flap, Holding, Repeat, Together, Traffic, Wait
from lab.declare.topology import ImpairmentFields, Topology
from lab.declare.vpc_claims import NETWORK_CLAIMS
from lab.declare.vpc_steps import NETWORK_STEPS, Try
from lab.units import format_duration, parse_duration


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


class Delivered(Expectation, Addressed):
    """What was sent reached whom it should."""

    claim: ClassVar[str] = "delivered"
    to: Receivers | None = None  # every subscriber of the destination when left out
    promise: Literal["exactly-once", "at-least-once", "at-most-once", "nothing"]
    within: Duration = timedelta(seconds=10)  # of its sending, for each message

    @model_validator(mode="after")
    def _silent(self) -> Self:
        if self.promise == "nothing" and self.to is not None and self.to.any:
            raise ValueError("nothing cannot be promised to any of several: write to: [NAME, NAME]")
        return self


class Duplicates(Expectation, Addressed):
    """How many receipts beyond a message's first each subscriber may have."""

    claim: ClassVar[str] = "duplicates"
    to: Each | None = None
    at_most: Whole = 0


class Ordered(Expectation, Addressed):
    """No message arrived after one that its producer sent later; losses and duplicates are no disorder."""

    claim: ClassVar[str] = "ordered"
    to: Each | None = None
    per: Literal["producer"] = "producer"


class Bridge(Expectation):
    """A connector's bridge is up at the ends named, at the end or soon after a step; its ends' counters agree."""

    claim: ClassVar[str] = "bridge"
    connector: str
    broker: Name | None = None  # whose configuration has the connector; needed when two brokers use the name
    up: Literal["both-ends", "initiator", "nowhere"] | None = None
    agree: YesNo = False  # at the end: what each end gave, the other took
    within: Duration | None = None  # of `after`
    after: After | None = None  # the last such step

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.within is None) != (self.after is None):
            raise ValueError("within and after go together")
        if self.up is None and not self.agree:
            raise ValueError("say what is claimed: up, or agree: yes")
        if self.up is None and self.after is not None:
            raise ValueError("within and after are for up: counters are compared at the end")
        return self


class Latency(Expectation):
    """How long messages took from send to receive; every bound given must hold."""

    claim: ClassVar[str] = "latency"
    to: Each | None = None
    direction: Pair | None = None  # only from one broker's publishers to another's subscribers, taken together
    at_least: Duration | None = None  # the fastest message
    p50: Bounds | None = None  # at most, where a duration stands alone
    p95: Bounds | None = None
    p99: Bounds | None = None
    max: Bounds | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not any((self.at_least, self.p50, self.p95, self.p99, self.max)):
            raise ValueError("give a bound: at-least, p50, p95, p99 or max")
        low, by = self.at_least, "at-least"
        for name in ("p50", "p95", "p99", "max"):
            bounds: Bounds | None = getattr(self, name)
            if bounds is None:
                continue
            if bounds.at_least is not None and (low is None or bounds.at_least > low):
                low, by = bounds.at_least, name
            if low is not None and bounds.at_most is not None and low > bounds.at_most:
                asked = f"at least {format_duration(low)} by {by}, at most {format_duration(bounds.at_most)} by {name}"
                raise ValueError(f"no messages keep both: {asked}")
        return self


STEPS: tuple[type[Step], ...] = (
    Subscribe, Unsubscribe, *CLIENT_STEPS, Publish, Traffic, EndTraffic, Wait, Impair, Cut, Reject, Heal, Flap,
    Together, Repeat, *BROKER_STEPS, Snapshot, *NETWORK_STEPS, Try, *SERVICE_STEPS, Connect,
)  # fmt: skip
EXPECTATIONS: tuple[type[Expectation], ...] = (
    Delivered, Bridge, Latency, Duplicates, Ordered, Counters, Forwarded, Stuck, Discarded, Demanded, Log, Recovered,
    *NETWORK_CLAIMS, *SERVICE_CLAIMS, Unreachable, *CONSOLE_CLAIMS,
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


def expectations_of(declared: Mapping[str, Any]) -> tuple[Expectation, ...]:
    """Rebuild the expectations from what `Scenario.declared` gave."""
    kinds = {claim.claim: claim for claim in EXPECTATIONS}
    return tuple(
        # An empty `to` is how mqlab 0.1.0 wrote down that none was given.
        kinds[claim].model_validate({key: value for key, value in fields.items() if (key, value) != ("to", [])})
        for entry in declared["expect"]
        for claim, fields in entry.items()
    )
