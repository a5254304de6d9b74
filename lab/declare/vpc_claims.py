"""Claims about who reaches whom, what was dropped, and how peerings and routes stand at the end."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from lab.declare.expectation import Expectation
from lab.declare.fields import Amount, Name, Whole
from lab.declare.vpc import Block

Because = Literal[
    "not-public", "no-egress-rule", "no-route", "blackhole", "no-transit", "no-ingress-rule", "no-return-route", "link"
]  # fmt: skip
END = "end"  # the name of what is tried when everything else is over


class Reachable(Expectation):
    """A connection comes about or does not; what the network says and what packets do must agree."""

    claim: ClassVar[str] = "reachable"
    source: Name = Field(alias="from")  # a broker, or internet
    to: Name
    port: Whole = Field(default=61617, ge=1, le=65535)
    answer: Literal["open", "refused", "silent"] = "open"
    because: Because | None = None  # what stops it
    at: Name = END  # a try step's name

    @model_validator(mode="after")
    def _stopped(self) -> Self:
        if self.because is not None and self.answer != "silent":
            raise ValueError("because is of what is dropped: write answer: silent, or remove it")
        return self


class Dropped(Expectation):
    """How many packets the router dropped between two endpoints, since no route or no rule let them pass."""

    claim: ClassVar[str] = "dropped"
    source: Name = Field(alias="from")
    to: Name
    packets: Amount = Amount(at_least=1)
    because: Literal["no-way", "no-egress-rule", "no-ingress-rule"] | None = None
    port: Whole | None = Field(default=None, ge=1, le=65535)


class PeeringIs(Expectation):
    """In which state a peering is at the end."""

    claim: ClassVar[str] = "peering"
    name: Name
    state: Literal["pending-acceptance", "active", "failed", "rejected", "expired", "deleted"]


class RouteIs(Expectation):
    """In which state a route is at the end."""

    claim: ClassVar[str] = "route"
    table: Name
    destination: Block
    state: Literal["active", "blackhole", "none"]


NETWORK_CLAIMS: tuple[type[Expectation], ...] = (Reachable, Dropped, PeeringIs, RouteIs)
