"""Observations of brokers: bridges, demand, logs, counters, and the records of the service."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import field

from lab.history.observation import Number, Observation


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


class ConnectorChanged(Observation, frozen=True, kw_only=True, tag="connector"):
    """A network connector was stopped or started over its broker's JMX."""

    broker: str
    """The broker of the connector."""
    connector: str
    """The name of the network connector."""
    state: str
    """The new state: `stopped` or `started`."""


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


class Maintenance(Observation, frozen=True, kw_only=True, tag="maintenance"):
    """A maintenance window opened with pending changes, or its reboot failed."""

    broker: str
    """The broker."""
    window: str
    """The maintenance window."""
    failed: str = ""
    """The reason why the reboot failed."""


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


class SnapshotTaken(Observation, frozen=True, kw_only=True, tag="snapshot"):
    """A broker's part of a snapshot is complete."""

    snapshot: str
    """The name of the snapshot."""
    broker: str
    """The broker."""
    answered: bool = True
    """Whether the broker answered."""
