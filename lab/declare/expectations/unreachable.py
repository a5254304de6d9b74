"""The expectation `unreachable`: how attempts to connect, to subscribe or to send ended."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from lab.activemq.protocols import Over
from lab.declare.destination_fields import BOTH, Addressed
from lab.declare.expectations.base import Basis, Expectation
from lab.declare.references import BrokerName, ClientName
from lab.declare.steps.base import Part


class Unreachable(Expectation, Addressed):
    """Every attempt of a client, or at a broker, to connect, subscribe or send failed in the given way."""

    kind: ClassVar[str] = "unreachable"
    depends_on: ClassVar[Part] = ~Part.CLIENTS
    client: ClientName | None = None
    """The client that made the attempts (default: any client)."""
    broker: BrokerName | None = None
    """The broker that the attempts were made at (default: any broker)."""
    over: Over | None = None
    """The protocol of the attempts (default: any)."""
    why: Literal["refused", "timed-out", "tls-failed", "not-authorised"]
    """The way in which every attempt must have failed."""

    @property
    def basis(self) -> Basis:
        """Return the basis of a simulated verdict: a timeout depends on timers."""
        return Basis.TIMER if self.why == "timed-out" else Basis.RULE

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.client is None and self.broker is None:
            raise ValueError("name a client, a broker, or both")
        if self.topic is not None and self.queue is not None:
            raise ValueError(BOTH)
        return self
