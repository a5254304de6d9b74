"""The expectation `reachable`: whether a connection opens."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from lab.activemq.protocols import OPENWIRE
from lab.declare.expectations.base import Attempt, Expectation
from lab.declare.fields import Name, Whole
from lab.declare.references import OriginName, OtherEndName
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
