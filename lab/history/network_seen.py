"""Observations of the network between the brokers: links, peerings, routes, rules, packets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from msgspec import field

from lab.base.units import several
from lab.history.display import Course, Description, Look, Tone, Weight, weight
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

    look: ClassVar[Course] = Course(
        subject=("link", "leaving", "reaching"),
        looks={"cut": Look("link cut", Tone.SHUT), "reject": Look("link rejects", Tone.SHUT)},
        ends=("open",),
    )

    def _description(self) -> Description:
        text = f"from {self.leaving} to {self.reaching} is {self.state}, {self.impairment}"
        return self.link, text, Weight.FAULT

    def clause(self, change: str) -> str:
        """Return the change as a clause of a reason; `change` is `healed`, `impaired` or `set`."""
        if change == "healed":
            return f"link {self.link} was healed"
        return f"link {self.link} leaving {self.leaving} was {change} ({self.impairment})"


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

    is_listed = False  # the page has counters elsewhere

    def _description(self) -> Description:
        percentiles = {"p50": self.measured_p50_ms, "p99": self.measured_p99_ms}
        measured = ", ".join(f"{name} {delay:g} ms" for name, delay in percentiles.items() if delay is not None)
        dropped = ", ".join(f"{count} by {cause}" for cause, count in self.dropped.items() if count) or "none"
        text = (
            f"from {self.leaving} to {self.reaching}: {self.configured_delay_ms:g} ms configured, "
            f"measured {measured or 'nothing'}, {self.packets} packets, dropped {dropped}"
        )
        return self.link, text, Weight.PLAIN


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

    look = Course(
        subject=("peering",),
        looks={
            "initiating-request": None,
            "pending-acceptance": Look("peering pending", Tone.WORSE),
            "failed": Look("peering failed", Tone.SHUT),
            "rejected": Look("peering rejected", Tone.SHUT),
            "expired": Look("peering expired", Tone.SHUT),
            "deleted": Look("peering deleted", Tone.SHUT),
        },
        ends=("active",),
    )

    def _description(self) -> Description:
        ends = f"from {self.requester} to {self.accepter}"
        return self.peering, f"peering {self.id} {ends} is {self.state}", weight(self.state == "active")

    def clause(self) -> str:
        """Return the change as a clause of a reason."""
        return f"the peering {self.peering} was {self.state}"


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

    look = Course(
        subject=("table", "destination"),
        looks={"blackhole": Look("route blackhole", Tone.SHUT), "deleted": Look("route deleted", Tone.SHUT)},
        ends=("active",),
    )

    def _description(self) -> Description:
        state = {"blackhole": "is a blackhole", "deleted": "was deleted"}.get(self.state, f"is {self.state}")
        text = f"route {self.destination} to the peering {self.peering} {state}"
        return self.table, text, weight(self.state == "active")

    def clause(self) -> str:
        """Return the change as a clause of a reason."""
        became = "became a blackhole" if self.state == "blackhole" else f"was {self.state}"
        return f"the route {self.destination} of {self.table} {became}"


class RuleChanged(Observation, frozen=True, kw_only=True, tag="rule"):
    """An inbound rule of a security group was added or removed."""

    group: str
    """The name of the security group."""
    rule: str
    """The rule in words, for example `tcp 61617 10.1.0.10/32`."""
    state: str
    """The change: `authorized` or `revoked`."""

    look = Course(subject=("group", "rule"), looks={"revoked": Look("rule revoked", Tone.WORSE)}, ends=("authorized",))

    def _description(self) -> Description:
        return self.group, f"inbound rule {self.rule} {self.state}", weight(self.state == "authorized")

    def clause(self) -> str:
        """Return the change as a clause of a reason."""
        return f"the rule {self.rule} of {self.group} was {self.state}"


class PolicyApplied(Observation, frozen=True, kw_only=True, tag="policy"):
    """The router applied new network rules."""

    took_ms: Number
    """The time from the request to the change, in milliseconds."""
    changed: Mapping[str, str] = field(default_factory=dict)
    """The packets that pass now, for each changed direction, in words."""

    def _description(self) -> Description:
        changed = "; ".join(f"{ends}: {packets}" for ends, packets in self.changed.items()) or "as before"
        return "router", f"lets pass since {self.took_ms:g} ms after the order: {changed}", Weight.PLAIN


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

    def _description(self) -> Description:
        dropped = "".join(f"; {packets} dropped: {cause}" for cause, packets in self.dropped.items())
        why = "" if not self.why or self.why in self.dropped else f"; {self.why}"
        text = f"tried {self.target}, port {self.port}: {self.answer} ({self.took_ms:g} ms){why}{dropped}"
        return self.source, text, Weight.PLAIN


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

    is_listed = False  # the page has counters elsewhere

    def _description(self) -> Description:
        text = f"dropped {several(self.packets, 'packet')} from {self.source} to {self.target}: {self.cause}"
        return "router", text, Weight.PLAIN
