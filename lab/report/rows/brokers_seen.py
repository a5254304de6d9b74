"""Rows of observations of brokers and the service."""

from __future__ import annotations

from lab.history import (
    BridgeSeen,
    BrokerChanged,
    BrokerRecordSeen,
    ConfigurationSaved,
    ConnectorChanged,
    Counted,
    Demand,
    DestinationSeen,
    LogLine,
    Maintenance,
    SightChanged,
    SnapshotTaken,
)
from lab.report.rows.row import Description, Weight, Words


def _demand(seen: Demand) -> Description:
    has = "has a bridge's consumer" if seen.present else "has no bridge's consumer"
    forwarded = "will be forwarded" if seen.present else "is not forwarded"
    return seen.broker, f"{has} on {seen.destination}: a message sent there {forwarded}", Weight.PLAIN


def _bridge(seen: BridgeSeen) -> Description:
    named = f" {seen.connector}" if seen.connector and not seen.connector.startswith("#") else ""
    at = f" at {seen.remote_address}" if seen.remote_address else ""
    duplex = ", created by duplex," if seen.created_by_duplex else ""
    counters = (seen.enqueued, seen.dequeued, seen.received)
    counted = ": enqueued {}, dequeued {}, received {}".format(*counters) if any(counters) else ""
    what = f"bridge{named} to {seen.remote}{at}{duplex} is {'up' if seen.up else 'down'}{counted}"
    return seen.broker, what, Weight.PLAIN if seen.up else Weight.FAULT


def _broker(seen: BrokerChanged) -> Description:
    if seen.state == "active":
        return seen.broker, f"instance {seen.instance} took over: it is the active one", Weight.FAULT
    which = (
        f"instance {seen.instance}, the {'standby' if seen.standby else 'active one'}," if seen.instance else "broker"
    )
    return seen.broker, f"{which} {seen.state}", Weight.FAULT


def _connector(seen: ConnectorChanged) -> Description:
    return seen.broker, f"network connector {seen.connector} {seen.state}", Weight.FAULT


def _configuration(seen: ConfigurationSaved) -> Description:
    words = f"revision {seen.revision} saved" + (f" ({seen.description})" if seen.description else "")
    removed = ", ".join(f"{what}{f', {count} times' if count > 1 else ''}" for what, count in seen.warnings.items())
    more = (
        f" and {seen.removed - sum(seen.warnings.values())} more" if seen.removed > sum(seen.warnings.values()) else ""
    )
    warned = f"; Amazon MQ removed: {removed}{more}" if removed else ""
    return f"configuration {seen.configuration}", words + warned, Weight.FAULT if removed else Weight.PLAIN


def _record(seen: BrokerRecordSeen) -> Description:
    words = f"{seen.state}, {seen.configuration} revision {seen.revision}"
    if seen.pending_revision is not None:
        words += f", pending {seen.pending_configuration} revision {seen.pending_revision}"
    waiting = ", ".join(f"{user} {change}" for user, change in seen.users.items() if change)
    return seen.broker, words + (f", pending users: {waiting}" if waiting else ""), Weight.PLAIN


def _maintenance(seen: Maintenance) -> Description:
    if seen.failed:
        return seen.broker, f"its maintenance window was not done as asked: {seen.failed}", Weight.FAULT
    return seen.broker, f"its maintenance window opened ({seen.window})", Weight.STEP


def _log(seen: LogLine) -> Description:
    by = f"instance {seen.instance} " if seen.instance else ""
    more = f" (the last of {seen.times} lines alike)" if seen.times > 1 else ""
    return seen.broker, f"{by}logged {seen.level}: {seen.text}{more}", Weight.PLAIN


def _sight(seen: SightChanged) -> Description:
    by = f"instance {seen.instance}'s " if seen.instance else "its "
    if seen.state == "lost":
        why = f": {seen.why}" if seen.why else ""
        return seen.broker, f"{by}{seen.of} cannot be read since {seen.since:.3f} s{why}", Weight.FAULT
    return seen.broker, f"{by}{seen.of} can be read again", Weight.PLAIN


def _destination(seen: DestinationSeen) -> Description:
    counts = {name: getattr(seen, name) for name in ("enqueued", "dequeued", "forwarded", "queued", "consumers")}
    counts |= {"in flight": seen.in_flight, "expired": seen.expired, "discarded": seen.discarded}
    rare = ("in flight", "expired", "discarded")
    counted = ", ".join(f"{name} {count}" for name, count in counts.items() if count or name not in rare)
    return seen.broker, f"counted at {seen.destination}: {counted}", Weight.FAULT if seen.discarded else Weight.PLAIN


def _counted(seen: Counted) -> Description:
    what = seen.name if seen.of == "destination" else f"{seen.of} {seen.name}".rstrip()
    remote = f" to {seen.remote}" if seen.remote else ""
    counters = ", ".join(f"{name} {count}" for name, count in seen.counters.items()) or "nothing"
    return seen.broker, f"snapshot {seen.snapshot}, {what}{remote}: {counters}", Weight.PLAIN


def _snapshot(seen: SnapshotTaken) -> Description:
    if not seen.answered:
        return seen.broker, f"snapshot {seen.snapshot}: it did not answer", Weight.FAULT
    return seen.broker, f"snapshot {seen.snapshot} taken", Weight.PLAIN


WORDS: Words = {
    Demand: _demand,
    BridgeSeen: _bridge,
    BrokerChanged: _broker,
    ConnectorChanged: _connector,
    ConfigurationSaved: _configuration,
    BrokerRecordSeen: _record,
    Maintenance: _maintenance,
    LogLine: _log,
    SightChanged: _sight,
    DestinationSeen: _destination,
    Counted: _counted,
    SnapshotTaken: _snapshot,
}
