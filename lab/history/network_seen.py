"""What the network between the brokers became, and what it did to packets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from lab.history.observation import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChanged(Observation):
    """The router changed one direction of a link; `t` is the router's own moment."""

    kind: ClassVar[str] = "link"
    link: str
    leaving: str
    reaching: str
    state: str
    impairment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSeen(Observation):
    """The router's counters of one direction; delays one way, in milliseconds."""

    kind: ClassVar[str] = "link-counters"
    link: str
    leaving: str
    reaching: str
    configured_delay_ms: float
    measured_p50_ms: float | None
    measured_p99_ms: float | None
    packets: int
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringChanged(Observation):
    """A VPC peering is in another state, or in this one when the replay began."""

    kind: ClassVar[str] = "peering"
    peering: str
    id: str  # pcx-…
    requester: str
    accepter: str
    state: str  # as AWS names it: "pending-acceptance", "active", "failed", "expired", "rejected", "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChanged(Observation):
    """A route was made or taken away, or leads nowhere now, or somewhere again."""

    kind: ClassVar[str] = "route"
    table: str
    destination: str
    peering: str  # its name
    state: str  # "active" | "blackhole" | "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChanged(Observation):
    """A security group's rule was made or taken away."""

    kind: ClassVar[str] = "rule"
    group: str
    rule: str  # "tcp 61617 10.1.0.10/32"
    state: str  # "authorized" | "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyApplied(Observation):
    """The router lets other packets pass; `t` is the router's own moment, between two packets."""

    kind: ClassVar[str] = "policy"
    took_ms: float  # from the order to that moment
    changed: Mapping[str, str] = field(default_factory=dict)  # "tokyo to singapore": what passes there now


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted(Observation):
    """A connection was tried, from a broker's container or from this machine; beside it what the Network says."""

    kind: ClassVar[str] = "attempt"
    name: str
    source: str
    target: str
    port: int
    answer: str  # "open" | "refused" | "silent" | "unreachable"
    took_ms: float
    allowed: bool  # by peerings, routes and security groups, and the link is open
    stop: str = ""  # what stops it otherwise: "no-ingress-rule", …
    why: str = ""  # the same in words
    dropped: Mapping[str, int] = field(default_factory=dict)  # cause → packets, between the two during the attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketsDropped(Observation):
    """What the router dropped for one reason between two endpoints, since the lab opened."""

    kind: ClassVar[str] = "dropped"
    source: str  # an instance, or "internet"
    target: str
    at: str  # "way": there was none; "out", "in": no rule of the source's, of the target's groups
    cause: str  # "no ingress rule on sg-singapore for tcp 61617 from 10.1.0.10"
    packets: int
