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


def _link(change: LinkChanged) -> Description:
    state = "is open" if change.state == "open" else f"is {change.state}"
    return change.link, f"from {change.leaving} to {change.reaching} {state}, {change.impairment}", Weight.FAULT


def _peering(change: PeeringChanged) -> Description:
    ends = f"from {change.requester} to {change.accepter}"
    return change.peering, f"peering {change.id} {ends} is {change.state}", _weight(change.state == "active")


def _route(change: RouteChanged) -> Description:
    state = {"blackhole": "is a blackhole", "deleted": "was deleted"}.get(change.state, f"is {change.state}")
    what = f"route {change.destination} to the peering {change.peering} {state}"
    return change.table, what, _weight(change.state == "active")


def _rule(change: RuleChanged) -> Description:
    return change.group, f"inbound rule {change.rule} {change.state}", _weight(change.state == "authorized")


def _policy(policy: PolicyApplied) -> Description:
    changed = "; ".join(f"{ends}: {words}" for ends, words in policy.changed.items()) or "as before"
    return "router", f"lets pass since {policy.took_ms:g} ms after the order: {changed}", Weight.PLAIN


def _attempt(attempt: Attempted) -> Description:
    dropped = "".join(f"; {packets} dropped: {cause}" for cause, packets in attempt.dropped.items())
    says = "" if not attempt.why or attempt.why in attempt.dropped else f"; {attempt.why}"
    what = f"tried {attempt.target}, port {attempt.port}: {attempt.answer} ({attempt.took_ms:g} ms){says}{dropped}"
    return attempt.source, what, Weight.PLAIN


def _dropped(dropped: PacketsDropped) -> Description:
    packets = "1 packet" if dropped.packets == 1 else f"{dropped.packets} packets"
    return "router", f"dropped {packets} from {dropped.source} to {dropped.target}: {dropped.cause}", Weight.PLAIN


def _weight(well: bool) -> Weight:
    """Return the weight of a state that is well or not."""
    return Weight.PLAIN if well else Weight.FAULT


def _link_seen(link: LinkSeen) -> Description:
    measured = [
        f"{name} {value:g} ms"
        for name, value in (("p50", link.measured_p50_ms), ("p99", link.measured_p99_ms))
        if value is not None
    ]
    dropped = ", ".join(f"{count} by {cause}" for cause, count in link.dropped.items() if count) or "none"
    what = (
        f"from {link.leaving} to {link.reaching}: {link.configured_delay_ms:g} ms configured, "
        f"measured {', '.join(measured) or 'nothing'}, {link.packets} packets, dropped {dropped}"
    )
    return link.link, what, Weight.PLAIN


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
