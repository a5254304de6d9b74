"""Observations of the network between the brokers: links, peerings, routes, rules, packets."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import field

from lab.history.observation import Number, Observation


class LinkChanged(Observation, frozen=True, kw_only=True, tag="link"):
    """The router changed one direction of a link."""

    link: str
    """The name of the link."""
    leaving: str
    """The region that the direction leaves."""
    reaching: str
    """The region that the direction reaches."""
    state: str
    """The new state: `open`, `cut` or `reject`."""
    impairment: str
    """The new impairment in words."""


class LinkSeen(Observation, frozen=True, kw_only=True, tag="link-counters"):
    """The router's counters of one direction of a link when the run ended."""

    link: str
    """The name of the link."""
    leaving: str
    """The region that the direction leaves."""
    reaching: str
    """The region that the direction reaches."""
    configured_delay_ms: Number
    """The configured one-way delay, in milliseconds."""
    measured_p50_ms: Number | None
    """The median of the measured one-way delay, in milliseconds; null if no packet crossed."""
    measured_p99_ms: Number | None
    """The 99th percentile of the measured one-way delay, in milliseconds; null if no packet crossed."""
    packets: int
    """The number of packets that entered the link, including dropped packets."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """The number of dropped packets, by cause."""


class PeeringChanged(Observation, frozen=True, kw_only=True, tag="peering"):
    """The state of a VPC peering when the replay started, or after a change."""

    peering: str
    """The name of the peering."""
    id: str
    """The id of the peering, `pcx-` and digits."""
    requester: str
    """The region whose VPC requested the peering."""
    accepter: str
    """The region whose VPC received the request."""
    state: str
    """The state, as AWS names it."""


class RouteChanged(Observation, frozen=True, kw_only=True, tag="route"):
    """The state of a route when the replay started, or after a change."""

    table: str
    """The name of the route table."""
    destination: str
    """The CIDR block of the route."""
    peering: str
    """The name of the peering."""
    state: str
    """The state: `active`, `blackhole` or `deleted`."""


class RuleChanged(Observation, frozen=True, kw_only=True, tag="rule"):
    """An inbound rule of a security group was added or removed."""

    group: str
    """The name of the security group."""
    rule: str
    """The rule in words, for example `tcp 61617 10.1.0.10/32`."""
    state: str
    """The change: `authorized` or `revoked`."""


class PolicyApplied(Observation, frozen=True, kw_only=True, tag="policy"):
    """The router applied new network rules."""

    took_ms: Number
    """The time from the request to the change, in milliseconds."""
    changed: Mapping[str, str] = field(default_factory=dict)
    """The packets that pass now, for each changed direction, in words."""


class Attempted(Observation, frozen=True, kw_only=True, tag="attempt"):
    """An attempt to open a connection, with the decision of the network rules."""

    name: str
    """The name of the attempt."""
    source: str
    """The endpoint that connected: a broker, a host, or `internet`."""
    target: str
    """The broker that the connection was made to."""
    port: int
    """The port that the connection was made to."""
    answer: str
    """The outcome: `open`, `refused`, `silent` or `unreachable`."""
    took_ms: Number
    """The duration of the attempt, in milliseconds."""
    allowed: bool
    """Whether peerings, routes, security groups and the state of the link allow the connection."""
    stop: str = ""
    """The reason why the connection is not allowed, as a name, for example `no-ingress-rule`."""
    why: str = ""
    """The reason why the connection is not allowed, in words."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """The number of packets dropped between the two endpoints during the attempt, by cause."""


class PacketsDropped(Observation, frozen=True, kw_only=True, tag="dropped"):
    """The packets that the router dropped between two endpoints for one cause since the lab opened."""

    source: str
    """The instance that sent the packets, or `internet`."""
    target: str
    """The instance that the packets were sent to."""
    at: str
    """The place of the drop: `way` for no route, `out` or `in` for no outbound or inbound rule."""
    cause: str
    """The cause in words."""
    packets: int
    """The number of dropped packets."""
