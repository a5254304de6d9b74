"""Observations of brokers: bridges, demand, logs, counters, and the records of the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from msgspec import field

from lab.history.display import Course, Description, Look, Tone, Weight, weight
from lab.history.observation import Number, Observation

_CHANGES = {"started": "started again", "creating": "being created"}  # states, as verbs


class Demand(Observation, frozen=True, kw_only=True, tag="demand"):
    """A bridge's consumer appeared on a destination of a broker, or disappeared."""

    broker: str
    """The broker that has the demand."""
    destination: str
    """The destination of the demand."""
    present: bool
    """Whether the broker has demand for the destination."""
    last_look: Number | None = None
    """The time of the previous poll in seconds, after which the change happened."""

    def _description(self) -> Description:
        has = "has a bridge's consumer" if self.present else "has no bridge's consumer"
        forwarded = "will be forwarded" if self.present else "is not forwarded"
        return self.broker, f"{has} on {self.destination}: a message sent there {forwarded}", Weight.PLAIN


class BridgeSeen(Observation, frozen=True, kw_only=True, tag="bridge"):
    """One end of a bridge, as its broker's JMX shows it."""

    connector: str
    """The name of the network connector."""
    broker: str
    """The broker of this end."""
    remote: str
    """The broker at the other end."""
    remote_address: str
    """The network address of the other end."""
    created_by_duplex: bool
    """Whether this is the responder's end of a duplex connector."""
    up: bool
    """Whether the end exists."""
    enqueued: int = 0
    """The number of messages dispatched to the bridge, including consumer advisories."""
    dequeued: int = 0
    """The number of messages that the other end acknowledged."""
    received: int = 0
    """The number of messages received from the other end."""
    instance: int = 0
    """The number of the instance of an active/standby pair; 0 for a single instance."""
    last_look: Number | None = None
    """The time of the previous poll in seconds, after which the change happened."""

    look = Course(
        subject=("connector", "broker", "remote", "created_by_duplex"),
        state="up",
        looks={"False": Look("bridge down", Tone.DOWN)},
        ends=("True",),
    )

    def _description(self) -> Description:
        named = f" {self.connector}" if self.connector and not self.connector.startswith("#") else ""
        at = f" at {self.remote_address}" if self.remote_address else ""
        duplex = ", created by duplex," if self.created_by_duplex else ""
        counters = (self.enqueued, self.dequeued, self.received)
        counted = ": enqueued {}, dequeued {}, received {}".format(*counters) if any(counters) else ""
        text = f"bridge{named} to {self.remote}{at}{duplex} is {'up' if self.up else 'down'}{counted}"
        return self.broker, text, weight(self.up)

    def clause(self) -> str:
        """Return the change of this end as a clause of a reason."""
        bridge = f"the bridge from {self.remote}" if self.created_by_duplex else f"{self.connector}'s bridge"
        return f"{bridge} on {self.broker} {'came back' if self.up else 'went down'}"


class SightChanged(Observation, frozen=True, kw_only=True, tag="sight"):
    """The management or the log of a broker became unreadable, or readable again.

    What was last seen of the broker may have changed since; of a log, all that was missed has been read when it can.
    """

    broker: str
    """The broker."""
    of: str
    """The source: `management` or `log`."""
    state: str
    """The change: `lost` or `regained`."""
    since: Number
    """The time of the last successful poll, in seconds."""
    why: str = ""
    """The reason in words."""
    instance: int = 0
    """The number of the instance of an active/standby pair; 0 for a single instance."""

    look = Course(
        subject=("broker", "of", "instance"), looks={"lost": Look("not seen", Tone.WORSE)}, ends=("regained",)
    )

    def _description(self) -> Description:
        by = f"instance {self.instance}'s " if self.instance else "its "
        if self.state == "lost":
            why = f": {self.why}" if self.why else ""
            return self.broker, f"{by}{self.of} cannot be read since {self.since:.3f} s{why}", Weight.FAULT
        return self.broker, f"{by}{self.of} can be read again", Weight.PLAIN

    def clause(self) -> str:
        """Return the loss of the source as a clause of a reason."""
        return f"{self.broker}'s {self.of} could not be read any more"


class BrokerChanged(Observation, frozen=True, kw_only=True, tag="broker"):
    """The state of a broker changed."""

    broker: str
    """The broker."""
    state: str
    """The new state, for example `started`, `stopped`, `killed` or `paused`."""
    instance: int = 0
    """The number of the instance of an active/standby pair; 0 for a single instance."""
    standby: bool = False
    """Whether the instance was the standby."""

    look: ClassVar[Course] = Course(
        subject=("broker", "standby"),
        looks={
            "stopping": Look("broker stopped", Tone.SHUT),
            "stopped": Look("broker stopped", Tone.SHUT),
            "killed": Look("broker killed", Tone.SHUT),
            "paused": Look("broker paused", Tone.WORSE),
            "deleted": Look("broker deleted", Tone.SHUT),
            "starting": None,
            "creating": None,
        },
        ends=("started", "resumed", "active", "created"),
    )

    def _description(self) -> Description:
        if self.state == "active":
            return self.broker, f"instance {self.instance} took over: it is the active one", Weight.FAULT
        instance = f"instance {self.instance}, the {'standby' if self.standby else 'active one'},"
        return self.broker, f"{instance if self.instance else 'broker'} {self.state}", Weight.FAULT

    def clause(self) -> str:
        """Return the change as a clause of a reason."""
        if self.standby:
            return f"instance {self.instance} of {self.broker}, the standby, was {self.state}"
        if self.state == "active":
            return f"instance {self.instance} of {self.broker} became active"
        return f"{self.broker} was {_CHANGES.get(self.state, self.state)}"


class ConnectorChanged(Observation, frozen=True, kw_only=True, tag="connector"):
    """A network connector was stopped or started over its broker's JMX."""

    broker: str
    """The broker of the connector."""
    connector: str
    """The name of the network connector."""
    state: str
    """The new state: `stopped` or `started`."""

    look = Course(
        subject=("broker", "connector"), looks={"stopped": Look("connector stopped", Tone.SHUT)}, ends=("started",)
    )

    @property
    def name(self) -> str:
        """Return the connector with its broker, in words."""
        return f"connector {self.connector} of {self.broker}"

    def _description(self) -> Description:
        return self.broker, f"network connector {self.connector} {self.state}", Weight.FAULT

    def clause(self) -> str:
        """Return the change as a clause of a reason."""
        return f"{self.name} was {_CHANGES.get(self.state, self.state)}"


class ConfigurationSaved(Observation, frozen=True, kw_only=True, tag="configuration"):
    """Amazon MQ saved a revision of a configuration."""

    configuration: str
    """The name of the configuration."""
    revision: int
    """The number of the revision."""
    description: str = ""
    """The description of the revision."""
    warnings: Mapping[str, int] = field(default_factory=dict)
    """The first twenty warnings, as reason, element and attribute, with the number of each."""
    removed: int = 0
    """The number of all removed settings."""

    def _description(self) -> Description:
        saved = f"revision {self.revision} saved" + (f" ({self.description})" if self.description else "")
        removed = ", ".join(
            f"{setting}{f', {count} times' if count > 1 else ''}" for setting, count in self.warnings.items()
        )
        more = self.removed - sum(self.warnings.values())
        warned = f"; Amazon MQ removed: {removed}{f' and {more} more' if more > 0 else ''}" if removed else ""
        return f"configuration {self.configuration}", saved + warned, weight(not removed)


class BrokerRecordSeen(Observation, frozen=True, kw_only=True, tag="record"):
    """Amazon MQ's record of a broker, at the start and after each change, without passwords."""

    broker: str
    """The broker."""
    state: str
    """The state, as Amazon MQ names it, for example `RUNNING`."""
    configuration: str
    """The name of the current configuration."""
    revision: int
    """The current revision."""
    pending_configuration: str = ""
    """The name of the configuration that waits for a reboot."""
    pending_revision: int | None = None
    """The revision that waits for a reboot."""
    before: str = ""
    """The configuration and revision that a roll back returns to."""
    users: Mapping[str, str] = field(default_factory=dict)
    """The pending change of each user, by name: `CREATE`, `UPDATE`, `DELETE` or empty."""
    window: str = ""
    """The maintenance window."""

    def _description(self) -> Description:
        text = f"{self.state}, {self.configuration} revision {self.revision}"
        if self.pending_revision is not None:
            text += f", pending {self.pending_configuration} revision {self.pending_revision}"
        waiting = ", ".join(f"{user} {change}" for user, change in self.users.items() if change)
        return self.broker, text + (f", pending users: {waiting}" if waiting else ""), Weight.PLAIN


class Maintenance(Observation, frozen=True, kw_only=True, tag="maintenance"):
    """A maintenance window opened with pending changes, or its reboot failed."""

    broker: str
    """The broker."""
    window: str
    """The maintenance window."""
    failed: str = ""
    """The reason why the reboot failed."""

    look = Look("maintenance", Tone.PLAIN)

    def _description(self) -> Description:
        if self.failed:
            return self.broker, f"its maintenance window was not done as asked: {self.failed}", Weight.FAULT
        return self.broker, f"its maintenance window opened ({self.window})", Weight.STEP


class LogLine(Observation, frozen=True, kw_only=True, tag="log"):
    """A line of a broker's log: a warning, an error, or a known line."""

    broker: str
    """The broker."""
    level: str
    """The log level."""
    text: str
    """The first 500 characters of the line, without time and thread."""
    name: str = ""
    """The name of the known line that matches first."""
    instance: int = 0
    """The number of the instance of an active/standby pair; 0 for a single instance."""
    times: int = 1
    """The number of equal lines that this line represents."""
    trace: bool = False
    """Whether the line belongs to the stack trace of an earlier line."""

    def _description(self) -> Description:
        by = f"instance {self.instance} " if self.instance else ""
        more = f" (the last of {self.times} lines alike)" if self.times > 1 else ""
        return self.broker, f"{by}logged {self.level}: {self.text}{more}", Weight.PLAIN


class DestinationSeen(Observation, frozen=True, kw_only=True, tag="destination"):
    """A broker's counters of one destination when the run ended."""

    broker: str
    """The broker."""
    destination: str
    """The destination, as ActiveMQ names it."""
    enqueued: int
    """The number of messages that arrived."""
    dequeued: int
    """The number of messages that consumers acknowledged."""
    forwarded: int
    """The number of messages that bridges acknowledged."""
    queued: int
    """The number of messages in the destination."""
    consumers: int
    """The number of consumers."""
    discarded: int = 0
    """The number of messages discarded for slow bridges, for a topic only."""
    in_flight: int | None = None
    """The number of queued messages that consumers have received and not yet acknowledged."""
    expired: int | None = None
    """The number of expired messages."""

    is_listed = False  # the page has counters elsewhere

    def _description(self) -> Description:
        counts = {name: getattr(self, name) for name in ("enqueued", "dequeued", "forwarded", "queued", "consumers")}
        rare = {"in flight": self.in_flight, "expired": self.expired, "discarded": self.discarded}
        counts |= {name: count for name, count in rare.items() if count}
        counted = ", ".join(f"{name} {count}" for name, count in counts.items())
        return self.broker, f"counted at {self.destination}: {counted}", weight(not self.discarded)


class Counted(Observation, frozen=True, kw_only=True, tag="counted"):
    """All counters of one object of a broker, in a snapshot."""

    snapshot: str
    """The name of the snapshot."""
    broker: str
    """The broker."""
    of: str
    """The kind of object: `broker`, `destination`, `bridge` or `connector`."""
    name: str
    """The name of the object."""
    counters: Mapping[str, int]
    """The counters, by name."""
    remote: str = ""
    """The broker at the other end of a bridge."""
    session: str = ""
    """The session of a broker or of a bridge end; counters start at 0 in each session."""

    is_listed = False  # the page has counters elsewhere

    def _description(self) -> Description:
        counted = self.name if self.of == "destination" else f"{self.of} {self.name}".rstrip()
        remote = f" to {self.remote}" if self.remote else ""
        counters = ", ".join(f"{name} {count}" for name, count in self.counters.items()) or "nothing"
        return self.broker, f"snapshot {self.snapshot}, {counted}{remote}: {counters}", Weight.PLAIN


class SnapshotTaken(Observation, frozen=True, kw_only=True, tag="snapshot"):
    """A broker's part of a snapshot is complete."""

    snapshot: str
    """The name of the snapshot."""
    broker: str
    """The broker."""
    answered: bool = True
    """Whether the broker answered."""

    def _description(self) -> Description:
        taken = " taken" if self.answered else ": it did not answer"
        return self.broker, f"snapshot {self.snapshot}{taken}", weight(self.answered)
