"""The expectations of connections and packets: reachable, unreachable, dropped."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from lab.activemq.protocols import OPENWIRE, Over
from lab.declare.between import Amount
from lab.declare.expectations.base import Attempt, Basis, Expectation
from lab.declare.fields import Name, Whole
from lab.declare.message_fields import BOTH, Addressed
from lab.declare.references import BrokerName, ClientName, OriginName, OtherEndName
from lab.declare.steps.base import Part

Because = Literal[
    "not-public", "no-egress-rule", "no-route", "blackhole", "no-transit", "no-ingress-rule", "no-return-route", "link"
]  # fmt: skip
END = "end"  # the name of the attempt at the end


class Reachable(Expectation):
    """A connection opens, is refused, or gets no answer, and the network rules agree with the outcome."""

    kind: ClassVar[str] = "reachable"
    of_network: ClassVar[bool] = True
    depends_on: ClassVar[Part] = Part.LINKS | Part.BROKERS | Part.NETWORK
    source: OriginName = Field(alias="from")
    """The endpoint that connects: a broker, a host, or `internet`."""
    to: OtherEndName
    """The broker that the connection is made to."""
    port: Whole = Field(default=OPENWIRE.port, ge=1, le=65535)
    """The port that the connection is made to."""
    answer: Literal["open", "refused", "silent"] = "open"
    """The outcome of the attempt; `silent` means that no answer arrived."""
    because: Because | None = None
    """The reason why the network drops the packets; valid only with `answer: silent` (default: any)."""
    at: Name = END
    """The name of the `try` step whose attempt is checked (default: an attempt when the run ends)."""

    @property
    def attempt(self) -> Attempt | None:
        """Return the connection to try at the end; None if the expectation names a `try` step."""
        return Attempt(self.source, self.to, self.port) if self.at == END else None

    @model_validator(mode="after")
    def _stopped(self) -> Self:
        if self.because is not None and self.answer != "silent":
            raise ValueError("`because` needs `answer: silent`: change answer, or remove because")
        return self


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


class Dropped(Expectation):
    """The router dropped the given number of packets between two endpoints, because no route or rule allowed them."""

    kind: ClassVar[str] = "dropped"
    basis_without_term: ClassVar[Basis] = Basis.TIMER  # how often TCP repeats itself
    of_network: ClassVar[bool] = True
    depends_on: ClassVar[Part] = ~Part.CLIENTS
    source: OriginName = Field(alias="from")
    """The endpoint that sent the packets: a broker, a host, or `internet`."""
    to: OtherEndName
    """The broker that the packets were sent to."""
    packets: Amount = Amount.model_construct(at_least=1)
    """The number of dropped packets, exact or within bounds (default: at least 1)."""
    because: Literal["no-way", "no-egress-rule", "no-ingress-rule"] | None = None
    """The cause of the drops: no route, no outbound rule, or no inbound rule (default: any)."""
    port: Whole | None = Field(default=None, ge=1, le=65535)
    """The port that the packets were sent to (default: any)."""

    @property
    def of_absence(self) -> bool:
        """Return whether zero is an accepted number."""
        return not self.packets.at_least
