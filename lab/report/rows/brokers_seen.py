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


def _demand(demand: Demand) -> Description:
    has = "has a bridge's consumer" if demand.present else "has no bridge's consumer"
    forwarded = "will be forwarded" if demand.present else "is not forwarded"
    return demand.broker, f"{has} on {demand.destination}: a message sent there {forwarded}", Weight.PLAIN


def _bridge(bridge: BridgeSeen) -> Description:
    named = f" {bridge.connector}" if bridge.connector and not bridge.connector.startswith("#") else ""
    at = f" at {bridge.remote_address}" if bridge.remote_address else ""
    duplex = ", created by duplex," if bridge.created_by_duplex else ""
    counters = (bridge.enqueued, bridge.dequeued, bridge.received)
    counted = ": enqueued {}, dequeued {}, received {}".format(*counters) if any(counters) else ""
    what = f"bridge{named} to {bridge.remote}{at}{duplex} is {'up' if bridge.up else 'down'}{counted}"
    return bridge.broker, what, Weight.PLAIN if bridge.up else Weight.FAULT


def _broker(change: BrokerChanged) -> Description:
    if change.state == "active":
        return change.broker, f"instance {change.instance} took over: it is the active one", Weight.FAULT
    which = (
        f"instance {change.instance}, the {'standby' if change.standby else 'active one'},"
        if change.instance
        else "broker"
    )
    return change.broker, f"{which} {change.state}", Weight.FAULT


def _connector(change: ConnectorChanged) -> Description:
    return change.broker, f"network connector {change.connector} {change.state}", Weight.FAULT


def _configuration(saved: ConfigurationSaved) -> Description:
    words = f"revision {saved.revision} saved" + (f" ({saved.description})" if saved.description else "")
    removed = ", ".join(f"{what}{f', {count} times' if count > 1 else ''}" for what, count in saved.warnings.items())
    more = (
        f" and {saved.removed - sum(saved.warnings.values())} more"
        if saved.removed > sum(saved.warnings.values())
        else ""
    )
    warned = f"; Amazon MQ removed: {removed}{more}" if removed else ""
    return f"configuration {saved.configuration}", words + warned, Weight.FAULT if removed else Weight.PLAIN


def _record(record: BrokerRecordSeen) -> Description:
    words = f"{record.state}, {record.configuration} revision {record.revision}"
    if record.pending_revision is not None:
        words += f", pending {record.pending_configuration} revision {record.pending_revision}"
    waiting = ", ".join(f"{user} {change}" for user, change in record.users.items() if change)
    return record.broker, words + (f", pending users: {waiting}" if waiting else ""), Weight.PLAIN


def _maintenance(window: Maintenance) -> Description:
    if window.failed:
        return window.broker, f"its maintenance window was not done as asked: {window.failed}", Weight.FAULT
    return window.broker, f"its maintenance window opened ({window.window})", Weight.STEP


def _log(line: LogLine) -> Description:
    by = f"instance {line.instance} " if line.instance else ""
    more = f" (the last of {line.times} lines alike)" if line.times > 1 else ""
    return line.broker, f"{by}logged {line.level}: {line.text}{more}", Weight.PLAIN


def _sight(change: SightChanged) -> Description:
    by = f"instance {change.instance}'s " if change.instance else "its "
    if change.state == "lost":
        why = f": {change.why}" if change.why else ""
        return change.broker, f"{by}{change.of} cannot be read since {change.since:.3f} s{why}", Weight.FAULT
    return change.broker, f"{by}{change.of} can be read again", Weight.PLAIN


def _destination(sample: DestinationSeen) -> Description:
    counts = {name: getattr(sample, name) for name in ("enqueued", "dequeued", "forwarded", "queued", "consumers")}
    counts |= {"in flight": sample.in_flight, "expired": sample.expired, "discarded": sample.discarded}
    rare = ("in flight", "expired", "discarded")
    counted = ", ".join(f"{name} {count}" for name, count in counts.items() if count or name not in rare)
    return (
        sample.broker,
        f"counted at {sample.destination}: {counted}",
        Weight.FAULT if sample.discarded else Weight.PLAIN,
    )


def _counted(part: Counted) -> Description:
    what = part.name if part.of == "destination" else f"{part.of} {part.name}".rstrip()
    remote = f" to {part.remote}" if part.remote else ""
    counters = ", ".join(f"{name} {count}" for name, count in part.counters.items()) or "nothing"
    return part.broker, f"snapshot {part.snapshot}, {what}{remote}: {counters}", Weight.PLAIN


def _snapshot(part: SnapshotTaken) -> Description:
    if not part.answered:
        return part.broker, f"snapshot {part.snapshot}: it did not answer", Weight.FAULT
    return part.broker, f"snapshot {part.snapshot} taken", Weight.PLAIN


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
