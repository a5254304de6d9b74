"""The expectation `latency`: how long messages took."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from lab.base.units import format_duration
from lab.declare.between import Bounds
from lab.declare.expectations.base import Basis
from lab.declare.expectations.receivers import ToReceivers
from lab.declare.fields import Duration
from lab.declare.references import BrokerPair


class Latency(ToReceivers):
    """The latency of messages, from sending to first delivery, is within the given bounds."""

    kind: ClassVar[str] = "latency"
    direction: BrokerPair | None = None
    """The broker of the publishers and the broker of the subscribers (default: any)."""
    at_least: Duration | None = None
    """The minimum latency of the fastest message."""
    p50: Bounds | None = None
    """The median latency, at most or within bounds."""
    p95: Bounds | None = None
    """The 95th percentile of the latency, at most or within bounds."""
    p99: Bounds | None = None
    """The 99th percentile of the latency, at most or within bounds."""
    max: Bounds | None = None
    """The latency of the slowest message, at most or within bounds."""

    @property
    def basis(self) -> Basis:
        """Return the basis of a simulated verdict: how long something takes."""
        return Basis.WINDOW

    @property
    def of_speed(self) -> bool:
        """Return whether a latency has an upper bound."""
        bounds = (self.p50, self.p95, self.p99, self.max)
        return any(each is not None and each.at_most is not None for each in bounds)

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
