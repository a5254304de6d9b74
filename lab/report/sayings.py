"""One observation in words: who, what, and how much it stands out. A kind without words of its own tells its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from lab.history import (
    Acknowledged,
    Approached,
    Attempted,
    BridgeSeen,
    BrokerChanged,
    BrokerRecordSeen,
    ClientChanged,
    ConfigurationSaved,
    ConnectorChanged,
    Counted,
    Demand,
    DestinationSeen,
    Ended,
    LinkChanged,
    LinkSeen,
    LogLine,
    Maintenance,
    Observation,
    Paced,
    PacketsDropped,
    PeeringChanged,
    PolicyApplied,
    Publishing,
    Received,
    RouteChanged,
    RuleChanged,
    SendOutcome,
    Sent,
    Settled,
    SnapshotTaken,
    StepEnded,
    StepStarted,
    Subscribed,
    Trouble,
    Unsubscribed,
)

_ACTORS = ("client", "who", "broker", "link", "connector")  # fields that say who, the first one there is


class Weight(StrEnum):
    """How much a row stands out."""

    PLAIN = ""
    STEP = "step"  # what the scenario asked
    FAULT = "fault"  # what may hurt a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the timeline; `until` where it tells of a stretch of time."""

    t: float
    who: str
    what: str
    weight: Weight = Weight.PLAIN
    until: float | None = None


def say(seen: Observation) -> Row:
    """Put an observation into words."""
    who, what, weight = _WORDS.get(type(seen), _fields)(seen)
    return Row(t=seen.t, who=who, what=what, weight=weight)


_Said = tuple[str, str, Weight]


def _step(seen: StepStarted) -> _Said:
    return f"step {seen.step}", seen.asked, Weight.STEP


def _step_ended(seen: StepEnded) -> _Said:
    done = "done" if seen.ok else "not done as asked"
    what = f"{done}: {seen.note}" if seen.note else done
    return f"step {seen.step}", what, Weight.PLAIN if seen.ok else Weight.FAULT


def _subscribed(seen: Subscribed) -> _Said:
    what = f"subscribed to {seen.destination} at {seen.broker} over {seen.over}"
    what += ", durable" if seen.durable else ""
    what += f", where {seen.selector}" if seen.selector is not None else ""
    what += f", acknowledging by {seen.ack}" if seen.ack != "auto" else ""
    return seen.client, what, Weight.PLAIN


def _approached(seen: Approached) -> _Said:
    doing = f" to {seen.what} {seen.destination}" if seen.destination else " to connect"
    note = f" ({seen.note})" if seen.note else ""
    what = f"tried{doing} at {seen.broker} over {seen.over}: {seen.outcome} after {seen.took:.3g} s{note}"
    return seen.client, what, Weight.PLAIN if seen.outcome == "ok" else Weight.FAULT


def _unsubscribed(seen: Unsubscribed) -> _Said:
    return seen.client, f"ended its subscription to {seen.destination} at {seen.broker}", Weight.PLAIN


def _client(seen: ClientChanged) -> _Said:
    what = _CAME_OR_WENT.get(seen.state, seen.state) + f" {seen.broker}"
    note = f": {seen.note}" if seen.note else ""
    return seen.client, what + note, Weight.PLAIN if seen.state in ("disconnected", "returned") else Weight.FAULT


_CAME_OR_WENT: Mapping[str, str] = {
    "disconnected": "disconnected from",
    "lost": "lost its connection to",
    "refused": "could not reconnect to",
    "gave-up": "gave up reconnecting to",
    "returned": "is connected again to",
}


def _demand(seen: Demand) -> _Said:
    has = "has a bridge's consumer" if seen.present else "has no bridge's consumer"
    forwarded = "will be forwarded" if seen.present else "is not forwarded"
    return seen.broker, f"{has} on {seen.destination}: what is sent there {forwarded}", Weight.PLAIN


def _publishing(seen: Publishing) -> _Said:
    kept = "persistent" if seen.persistent else "not persistent"
    kept += ", retained" if seen.retained else ""
    kept += f", group {seen.group}" if seen.group is not None else ""
    kept += f", priority {seen.priority}" if seen.priority is not None else ""
    kept += f", over after {seen.expiry_s:g} s" if seen.expiry_s is not None else ""
    kept += f", with {', '.join(f'{name} {value}' for name, value in seen.headers.items())}" if seen.headers else ""
    count = "1 message" if seen.count == 1 else f"{seen.count} messages"
    client = "" if seen.client == f"step-{seen.step}" else f", as client {seen.client}"
    what = f"publishes {count} to {seen.destination} at {seen.broker} over {seen.over}, {kept}{client}"
    return f"step {seen.step}", what, Weight.PLAIN


def _sent(seen: Sent) -> _Said:
    return f"step {seen.id.partition('-')[0]}", f"sent {seen.id}", Weight.PLAIN


def _acknowledged(seen: Acknowledged) -> _Said:
    return (
        f"step {seen.id.partition('-')[0]}",
        f"{OUTCOMES[seen.outcome]} {seen.id}" + (f" ({seen.note})" if seen.note else ""),
        Weight.PLAIN if seen.outcome is SendOutcome.OK else Weight.FAULT,
    )


OUTCOMES: Mapping[SendOutcome, str] = {
    SendOutcome.OK: "accepted by the broker:",
    SendOutcome.FAILED: "refused by the broker:",
    SendOutcome.UNKNOWN: "unknown, as no receipt came:",
}


def _received(seen: Received) -> _Said:
    what = seen.id if seen.id is not None else f"a body with digest {seen.digest}"
    return seen.client, f"received {what} from {seen.destination}{marks(seen)}", Weight.PLAIN


def marks(seen: Received) -> str:
    """Say what else the broker said of a message."""
    said = (", retained" if seen.retained else "") + (", marked as redelivered" if seen.redelivered else "")
    return said + (", to be acknowledged" if seen.pending else "")


def _settled(seen: Settled) -> _Said:
    message = seen.id if seen.id is not None else f"a body with digest {seen.digest}"
    if seen.outcome is SendOutcome.OK:
        return seen.client, f"acknowledged {message} from {seen.destination}", Weight.PLAIN
    how = "the broker refused it" if seen.outcome is SendOutcome.FAILED else "no answer came"
    return seen.client, f"acknowledged {message} from {seen.destination}: {how}", Weight.FAULT


def _paced(seen: Paced) -> _Said:
    drawn = "" if seen.drawn_per_s == seen.asked_per_s else f", {seen.drawn_per_s:g} drawn"
    kept = f"{'kept' if seen.held else 'did not keep'} its rate"
    what = f"{kept}: {seen.reached_per_s:g} messages a second reached, {seen.asked_per_s:g} asked{drawn}"
    return f"step {seen.step}", what, Weight.PLAIN if seen.held else Weight.FAULT


def _link(seen: LinkChanged) -> _Said:
    state = "is open" if seen.state == "open" else f"is {seen.state}"
    return seen.link, f"from {seen.leaving} to {seen.reaching} {state}, {seen.impairment}", Weight.FAULT


def _bridge(seen: BridgeSeen) -> _Said:
    named = f" {seen.connector}" if seen.connector and not seen.connector.startswith("#") else ""
    at = f" at {seen.remote_address}" if seen.remote_address else ""
    duplex = ", created by duplex," if seen.created_by_duplex else ""
    counters = (seen.enqueued, seen.dequeued, seen.received)
    counted = ": enqueued {}, dequeued {}, received {}".format(*counters) if any(counters) else ""
    what = f"bridge{named} to {seen.remote}{at}{duplex} is {'up' if seen.up else 'down'}{counted}"
    return seen.broker, what, Weight.PLAIN if seen.up else Weight.FAULT


def _broker(seen: BrokerChanged) -> _Said:
    if seen.state == "active":
        return seen.broker, f"instance {seen.instance} took over: it is the active one", Weight.FAULT
    which = (
        f"instance {seen.instance}, the {'standby' if seen.standby else 'active one'}," if seen.instance else "broker"
    )
    return seen.broker, f"{which} {seen.state}", Weight.FAULT


def _connector(seen: ConnectorChanged) -> _Said:
    return seen.broker, f"network connector {seen.connector} {seen.state}", Weight.FAULT


def _peering(seen: PeeringChanged) -> _Said:
    ends = f"from {seen.requester} to {seen.accepter}"
    return seen.peering, f"peering {seen.id} {ends} is {seen.state}", _whole(seen.state == "active")


def _route(seen: RouteChanged) -> _Said:
    state = {"blackhole": "is a blackhole", "deleted": "was deleted"}.get(seen.state, f"is {seen.state}")
    what = f"route {seen.destination} to the peering {seen.peering} {state}"
    return seen.table, what, _whole(seen.state == "active")


def _rule(seen: RuleChanged) -> _Said:
    return seen.group, f"inbound rule {seen.rule} {seen.state}", _whole(seen.state == "authorized")


def _policy(seen: PolicyApplied) -> _Said:
    changed = "; ".join(f"{ends}: {words}" for ends, words in seen.changed.items()) or "as before"
    return "router", f"lets pass since {seen.took_ms:g} ms after the order: {changed}", Weight.PLAIN


def _attempt(seen: Attempted) -> _Said:
    dropped = "".join(f"; {packets} dropped: {cause}" for cause, packets in seen.dropped.items())
    says = "" if not seen.why or seen.why in seen.dropped else f"; {seen.why}"
    what = f"tried {seen.target}, port {seen.port}: {seen.answer} ({seen.took_ms:g} ms){says}{dropped}"
    return seen.source, what, Weight.PLAIN


def _dropped(seen: PacketsDropped) -> _Said:
    packets = "1 packet" if seen.packets == 1 else f"{seen.packets} packets"
    return "router", f"dropped {packets} from {seen.source} to {seen.target}: {seen.cause}", Weight.PLAIN


def _whole(well: bool) -> Weight:
    return Weight.PLAIN if well else Weight.FAULT


def _configuration(seen: ConfigurationSaved) -> _Said:
    words = f"revision {seen.revision} saved" + (f" ({seen.description})" if seen.description else "")
    removed = ", ".join(f"{what}{f', {count} times' if count > 1 else ''}" for what, count in seen.warnings.items())
    more = (
        f" and {seen.removed - sum(seen.warnings.values())} more" if seen.removed > sum(seen.warnings.values()) else ""
    )
    warned = f"; Amazon MQ removed: {removed}{more}" if removed else ""
    return f"configuration {seen.configuration}", words + warned, Weight.FAULT if removed else Weight.PLAIN


def _record(seen: BrokerRecordSeen) -> _Said:
    words = f"{seen.state}, {seen.configuration} revision {seen.revision}"
    if seen.pending_revision is not None:
        words += f", pending {seen.pending_configuration} revision {seen.pending_revision}"
    waiting = ", ".join(f"{user} {change}" for user, change in seen.users.items() if change)
    return seen.broker, words + (f", pending users: {waiting}" if waiting else ""), Weight.PLAIN


def _maintenance(seen: Maintenance) -> _Said:
    return seen.broker, f"its maintenance window opened ({seen.window})", Weight.STEP


def _log(seen: LogLine) -> _Said:
    by = f"instance {seen.instance} " if seen.instance else ""
    more = f" (the last of {seen.times} lines alike)" if seen.times > 1 else ""
    return seen.broker, f"{by}logged {seen.level}: {seen.text}{more}", Weight.PLAIN


def _destination(seen: DestinationSeen) -> _Said:
    names = ("enqueued", "dequeued", "forwarded", "queued", "consumers", "discarded")
    counted = ", ".join(f"{name} {getattr(seen, name)}" for name in names if getattr(seen, name) or name != "discarded")
    return seen.broker, f"counted at {seen.destination}: {counted}", Weight.FAULT if seen.discarded else Weight.PLAIN


def _counted(seen: Counted) -> _Said:
    what = seen.name if seen.of == "destination" else f"{seen.of} {seen.name}".rstrip()
    remote = f" to {seen.remote}" if seen.remote else ""
    counters = ", ".join(f"{name} {count}" for name, count in seen.counters.items()) or "nothing"
    return seen.broker, f"snapshot {seen.snapshot}, {what}{remote}: {counters}", Weight.PLAIN


def _snapshot(seen: SnapshotTaken) -> _Said:
    if not seen.answered:
        return seen.broker, f"snapshot {seen.snapshot}: it did not answer", Weight.FAULT
    return seen.broker, f"snapshot {seen.snapshot} taken", Weight.PLAIN


def _link_seen(seen: LinkSeen) -> _Said:
    given = [
        f"{name} {value:g} ms"
        for name, value in (("p50", seen.measured_p50_ms), ("p99", seen.measured_p99_ms))
        if value is not None
    ]
    dropped = ", ".join(f"{count} by {cause}" for cause, count in seen.dropped.items() if count) or "none"
    what = (
        f"from {seen.leaving} to {seen.reaching}: {seen.configured_delay_ms:g} ms asked, "
        f"{', '.join(given) or 'nothing'} given, {seen.packets} packets, dropped {dropped}"
    )
    return seen.link, what, Weight.PLAIN


def _trouble(seen: Trouble) -> _Said:
    return seen.who, seen.what, Weight.FAULT


def _ended(seen: Ended) -> _Said:
    what = "the replay came to its end" if seen.complete else "the replay was ended early"
    note = f": {seen.note}" if seen.note else ""
    return "run", what + note, Weight.STEP if seen.complete else Weight.FAULT


def _fields(seen: Observation) -> _Said:
    told = {field.name: getattr(seen, field.name) for field in fields(seen) if field.name != "t"}
    actor = next((name for name in _ACTORS if told.get(name)), None)
    who = str(told.pop(actor)) if actor else ""
    rest = ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in told.items() if value is not None)
    return who, f"{seen.kind.replace('-', ' ')}: {rest}" if rest else seen.kind.replace("-", " "), Weight.PLAIN


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {each}" for key, each in value.items()) or "none"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


_WORDS: Mapping[type[Observation], Callable[[Any], _Said]] = {
    StepStarted: _step,
    StepEnded: _step_ended,
    Subscribed: _subscribed,
    Unsubscribed: _unsubscribed,
    ClientChanged: _client,
    Settled: _settled,
    Demand: _demand,
    Publishing: _publishing,
    Sent: _sent,
    Acknowledged: _acknowledged,
    Received: _received,
    Paced: _paced,
    Approached: _approached,
    LinkChanged: _link,
    BridgeSeen: _bridge,
    BrokerChanged: _broker,
    ConnectorChanged: _connector,
    PeeringChanged: _peering,
    RouteChanged: _route,
    RuleChanged: _rule,
    PolicyApplied: _policy,
    Attempted: _attempt,
    PacketsDropped: _dropped,
    ConfigurationSaved: _configuration,
    BrokerRecordSeen: _record,
    Maintenance: _maintenance,
    LogLine: _log,
    DestinationSeen: _destination,
    Counted: _counted,
    SnapshotTaken: _snapshot,
    LinkSeen: _link_seen,
    Trouble: _trouble,
    Ended: _ended,
}
