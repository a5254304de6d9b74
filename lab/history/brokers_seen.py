"""Observations of brokers: bridges, demand, logs, counters, and the records of the service."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import field

from lab.history.observation import Number, Observation


class Demand(Observation, frozen=True, kw_only=True, tag="demand"):
    """Whether a broker has a bridge's consumer on a destination, so that messages sent there are forwarded."""

    broker: str
    destination: str
    present: bool
    last_look: Number | None = None  # of a watch that looks now and then: what has changed did so after that look


class BridgeSeen(Observation, frozen=True, kw_only=True, tag="bridge"):
    """One end of a bridge, as its broker's JMX shows it; `up` false when it has gone."""

    connector: str
    broker: str  # whose JMX this is
    remote: str
    remote_address: str
    created_by_duplex: bool
    up: bool
    enqueued: int = 0  # counts consumer advisories too
    dequeued: int = 0
    received: int = 0
    instance: int = 0  # of a pair: whose JMX
    last_look: Number | None = None  # as of Demand


class SightChanged(Observation, frozen=True, kw_only=True, tag="sight"):
    """A broker's management, or its log, could not be read any more, or can be again.

    What was last seen of the broker may have changed since; of a log, all that was missed has been read when it can.
    """

    broker: str
    of: str  # "management" | "log"
    state: str  # "lost" | "regained"
    since: Number  # the moment when it was last read; of "regained", the present one
    why: str = ""
    instance: int = 0  # of a pair: whose log it is


class BrokerChanged(Observation, frozen=True, kw_only=True, tag="broker"):
    """A broker was started, stopped, created or the like; `t` is the engine's own moment if it gives one."""

    broker: str
    state: str  # "stopping" | "stopped" | "killed" | "starting" | "started" | …: all are in docs/history.md
    instance: int = 0  # of a pair: which one
    standby: bool = False  # of a pair: it was not the active one, so the broker served on


class ConnectorChanged(Observation, frozen=True, kw_only=True, tag="connector"):
    """A network connector was stopped or started over its broker's JMX."""

    broker: str
    connector: str
    state: str  # "stopped" | "started"


class ConfigurationSaved(Observation, frozen=True, kw_only=True, tag="configuration"):
    """The service saved a revision of a configuration; no broker uses it yet."""

    configuration: str
    revision: int
    description: str = ""
    warnings: Mapping[str, int] = field(default_factory=dict)  # "REASON element attribute", of the first twenty
    removed: int = 0  # in all


class BrokerRecordSeen(Observation, frozen=True, kw_only=True, tag="record"):
    """The service's record of a broker, at the beginning and after each change; without passwords."""

    broker: str
    state: str  # as the service names it: RUNNING, REBOOT_IN_PROGRESS, …
    configuration: str
    revision: int
    pending_configuration: str = ""
    pending_revision: int | None = None
    before: str = ""  # what a roll back would make pending
    users: Mapping[str, str] = field(default_factory=dict)  # each user, with CREATE, UPDATE, DELETE or nothing
    window: str = ""


class Maintenance(Observation, frozen=True, kw_only=True, tag="maintenance"):
    """A broker's maintenance window opened with something pending, so that it is rebooted; or that reboot failed."""

    broker: str
    window: str
    failed: str = ""  # why the reboot was not done as asked


class LogLine(Observation, frozen=True, kw_only=True, tag="log"):
    """A line of a broker's log that matters, at the broker's own moment; before 0 where the lab was still opening."""

    broker: str
    level: str
    text: str  # its first 500 characters, without time and thread
    name: str = ""  # of the pattern that it matches first; see lab.activemq.log_lines
    instance: int = 0  # of a pair: whose log it is
    times: int = 1  # it stands for so many lines alike, of which it is the last
    trace: bool = False  # it is of the stack trace of the line before it, and no logger's own


class DestinationSeen(Observation, frozen=True, kw_only=True, tag="destination"):
    """A broker's own counters of one destination, to compare with what clients saw."""

    broker: str
    destination: str
    enqueued: int
    dequeued: int
    forwarded: int  # acknowledged by network subscriptions
    queued: int
    consumers: int
    discarded: int = 0  # by network subscriptions, topics only
    in_flight: int | None = None  # of those queued: handed out, and not acknowledged
    expired: int | None = None


class Counted(Observation, frozen=True, kw_only=True, tag="counted"):
    """All counters that a broker has of one thing, in a snapshot."""

    snapshot: str
    broker: str
    of: str  # "broker" | "destination" | "bridge" | "connector"
    name: str  # the broker's, the destination's as in Subscribed, the network or transport connector's
    counters: Mapping[str, int]
    remote: str = ""  # of a bridge end
    session: str = ""  # of a broker or a bridge end; another one counts from nothing


class SnapshotTaken(Observation, frozen=True, kw_only=True, tag="snapshot"):
    """The end of a broker's part of a snapshot: it has no counters of anything that is not in it."""

    snapshot: str
    broker: str
    answered: bool = True
