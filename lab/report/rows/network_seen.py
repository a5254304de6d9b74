"""Rows of observations of links, peerings, routes, rules and packets."""

from __future__ import annotations

from lab.history import (
    Attempted,
    LinkChanged,
    LinkSeen,
    PacketsDropped,
    PeeringChanged,
    PolicyApplied,
    RouteChanged,
    RuleChanged,
)
from lab.report.rows.row import Description, Weight, Words


def _link(seen: LinkChanged) -> Description:
    state = "is open" if seen.state == "open" else f"is {seen.state}"
    return seen.link, f"from {seen.leaving} to {seen.reaching} {state}, {seen.impairment}", Weight.FAULT


def _peering(seen: PeeringChanged) -> Description:
    ends = f"from {seen.requester} to {seen.accepter}"
    return seen.peering, f"peering {seen.id} {ends} is {seen.state}", _weight(seen.state == "active")


def _route(seen: RouteChanged) -> Description:
    state = {"blackhole": "is a blackhole", "deleted": "was deleted"}.get(seen.state, f"is {seen.state}")
    what = f"route {seen.destination} to the peering {seen.peering} {state}"
    return seen.table, what, _weight(seen.state == "active")


def _rule(seen: RuleChanged) -> Description:
    return seen.group, f"inbound rule {seen.rule} {seen.state}", _weight(seen.state == "authorized")


def _policy(seen: PolicyApplied) -> Description:
    changed = "; ".join(f"{ends}: {words}" for ends, words in seen.changed.items()) or "as before"
    return "router", f"lets pass since {seen.took_ms:g} ms after the order: {changed}", Weight.PLAIN


def _attempt(seen: Attempted) -> Description:
    dropped = "".join(f"; {packets} dropped: {cause}" for cause, packets in seen.dropped.items())
    says = "" if not seen.why or seen.why in seen.dropped else f"; {seen.why}"
    what = f"tried {seen.target}, port {seen.port}: {seen.answer} ({seen.took_ms:g} ms){says}{dropped}"
    return seen.source, what, Weight.PLAIN


def _dropped(seen: PacketsDropped) -> Description:
    packets = "1 packet" if seen.packets == 1 else f"{seen.packets} packets"
    return "router", f"dropped {packets} from {seen.source} to {seen.target}: {seen.cause}", Weight.PLAIN


def _weight(well: bool) -> Weight:
    """Return the weight of a state that is well or not."""
    return Weight.PLAIN if well else Weight.FAULT


def _link_seen(seen: LinkSeen) -> Description:
    measured = [
        f"{name} {value:g} ms"
        for name, value in (("p50", seen.measured_p50_ms), ("p99", seen.measured_p99_ms))
        if value is not None
    ]
    dropped = ", ".join(f"{count} by {cause}" for cause, count in seen.dropped.items() if count) or "none"
    what = (
        f"from {seen.leaving} to {seen.reaching}: {seen.configured_delay_ms:g} ms configured, "
        f"measured {', '.join(measured) or 'nothing'}, {seen.packets} packets, dropped {dropped}"
    )
    return seen.link, what, Weight.PLAIN


WORDS: Words = {
    LinkChanged: _link,
    LinkSeen: _link_seen,
    PeeringChanged: _peering,
    RouteChanged: _route,
    RuleChanged: _rule,
    PolicyApplied: _policy,
    Attempted: _attempt,
    PacketsDropped: _dropped,
}
