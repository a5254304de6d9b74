"""Observations of the network between the brokers: links, peerings, routes, rules, packets."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import field

from lab.history.observation import Number, Observation


class LinkChanged(Observation, frozen=True, kw_only=True, tag="link"):
    """The router changed one direction of a link; `t` is the router's own moment."""

    link: str
    leaving: str
    reaching: str
    state: str
    impairment: str


class LinkSeen(Observation, frozen=True, kw_only=True, tag="link-counters"):
    """The router's counters of one direction; delays one way, in milliseconds."""

    link: str
    leaving: str
    reaching: str
    configured_delay_ms: Number
    measured_p50_ms: Number | None
    measured_p99_ms: Number | None
    packets: int
    dropped: Mapping[str, int] = field(default_factory=dict)


class PeeringChanged(Observation, frozen=True, kw_only=True, tag="peering"):
    """A VPC peering changed its state, or had this state at the beginning."""

    peering: str
    id: str  # pcx-…
    requester: str
    accepter: str
    state: str  # as AWS names it: "pending-acceptance", "active", "failed", "expired", "rejected", "deleted"


class RouteChanged(Observation, frozen=True, kw_only=True, tag="route"):
    """A route was created or deleted, or became a blackhole or active again."""

    table: str
    destination: str
    peering: str  # its name
    state: str  # "active" | "blackhole" | "deleted"


class RuleChanged(Observation, frozen=True, kw_only=True, tag="rule"):
    """A rule of a security group was authorized or revoked."""

    group: str
    rule: str  # "tcp 61617 10.1.0.10/32"
    state: str  # "authorized" | "revoked"


class PolicyApplied(Observation, frozen=True, kw_only=True, tag="policy"):
    """The router applied another policy; `t` is the router's own moment, between two packets."""

    took_ms: Number  # from the order to that moment
    changed: Mapping[str, str] = field(default_factory=dict)  # "tokyo to singapore": what passes there now


class Attempted(Observation, frozen=True, kw_only=True, tag="attempt"):
    """An attempt to connect, from a broker, a host or this machine: its outcome, and what the Network says."""

    name: str
    source: str
    target: str
    port: int
    answer: str  # "open" | "refused" | "silent" | "unreachable"
    took_ms: Number
    allowed: bool  # by peerings, routes and security groups, and the link is open
    stop: str = ""  # what stops it otherwise: "no-ingress-rule", …
    why: str = ""  # the same in words
    dropped: Mapping[str, int] = field(default_factory=dict)  # cause → packets, between the two during the attempt


class PacketsDropped(Observation, frozen=True, kw_only=True, tag="dropped"):
    """The packets that the router has dropped between two endpoints for one cause, since the lab opened."""

    source: str  # an instance, or "internet"
    target: str
    at: str  # "way": there was none; "out", "in": no rule of the source's, of the target's groups
    cause: str  # "no ingress rule on sg-singapore for tcp 61617 from 10.1.0.10"
    packets: int
