"""What can be seen in a run: one class for each kind of Observation, the Header before them, and where they go.

`t` is seconds since the replay began, on one monotonic clock. A field left at its default is left out of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Protocol

VERSION = 1


class SendOutcome(StrEnum):
    """What became of a send: unknown means that no receipt came."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Line one: which run this is, and what it was asked, passwords left out."""

    run: str
    scenario: str
    seed: int
    runtime: str
    started: str  # ISO 8601, UTC
    declared: Mapping[str, Any]  # the scenario with its topology, as `Scenario.declared()` gives it
    mqlab: str  # the version that wrote it
    activemq: Mapping[str, str] = field(default_factory=dict)  # broker → the version that ran
    history: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One thing seen at one moment."""

    kind: ClassVar[str]
    t: float  # seconds since the replay began


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Observation):
    """A step of the scenario began."""

    kind: ClassVar[str] = "step"
    step: int  # counts from 1
    verb: str
    asked: str  # the step in one line, for people
    place: str = ""  # where a person finds it, such as "5.1 round 2"; empty where that is its number
    due: float | None = None  # the moment that it was to begin; `t` is when it did


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded(Observation):
    """A step ended; `note` says what was remarkable about it."""

    kind: ClassVar[str] = "step-ended"
    step: int
    ok: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed(Observation):
    """A broker accepted a subscription."""

    kind: ClassVar[str] = "subscribed"
    client: str
    broker: str
    over: str
    destination: str  # as ActiveMQ names it: topic://a.b, queue://orders; wildcards * and >
    step: int
    durable: bool = False  # the broker keeps it, and what comes for it, while the client is away
    selector: str | None = None
    ack: str = "auto"  # "client", "client-individual": what is received awaits an acknowledgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Approached(Observation):
    """How an attempt to reach a broker ended: each of a connect step, and of other steps those that failed."""

    kind: ClassVar[str] = "approach"
    client: str
    broker: str
    over: str
    what: str  # "connect" | "subscribe" | "publish"
    outcome: str  # "ok" | "refused" | "timed-out" | "tls-failed" | "not-authorised" | "failed": anything else
    took: float  # seconds
    destination: str = ""  # that it was about, if it was
    note: str = ""  # the reason in full


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribed(Observation):
    """A subscription ended."""

    kind: ClassVar[str] = "unsubscribed"
    client: str
    broker: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(Observation):
    """A client that listens came or went, apart from subscribing and unsubscribing."""

    kind: ClassVar[str] = "client"
    client: str
    broker: str
    state: str  # "disconnected" | "lost" | "refused" (it tried to come back) | "gave-up" | "returned"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand(Observation):
    """Whether a broker has a bridge's consumer on a destination, so that what is sent there will be forwarded."""

    kind: ClassVar[str] = "demand"
    broker: str
    destination: str
    present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing(Observation):
    """A publish step's common facts, said once for all its messages."""

    kind: ClassVar[str] = "publishing"
    step: int
    client: str
    broker: str
    over: str
    destination: str
    persistent: bool  # MQTT: QoS 1 and 2
    body: str  # "generated": carries its id; "given": matched by digest (see docs/matching.md)
    count: int | None = None  # None: until it is told to end
    place: str = ""  # of the step, as in StepStarted
    retained: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)  # a person's own
    expiry_s: float | None = None  # how long after its sending a message is over
    group: str | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(Observation):
    """A message was handed to its client; `Acknowledged` tells what became of it."""

    kind: ClassVar[str] = "sent"
    id: str  # "<step>-<n>"
    digest: str | None = None  # of the body, when the body does not carry the id


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Observation):
    """The outcome of a send."""

    kind: ClassVar[str] = "acked"
    id: str
    outcome: SendOutcome = SendOutcome.OK
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Observation):
    """A client received a message: by `id` where it carries one of this run, else by the digest of its body."""

    kind: ClassVar[str] = "received"
    client: str
    destination: str  # the subscription's own, as in Subscribed
    id: str | None = None
    digest: str | None = None
    retained: bool = False
    redelivered: bool = False
    pending: bool = False  # until the client acknowledges it; given back when it goes before that


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled(Observation):
    """The outcome of acknowledging a message; unknown means that no answer came."""

    kind: ClassVar[str] = "settled"
    client: str
    destination: str  # the subscription's own, as in Received
    id: str | None = None
    digest: str | None = None
    outcome: SendOutcome = SendOutcome.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced(Observation):
    """How a step that sends at a rate kept it; rates are messages a second, over the time from first to last."""

    kind: ClassVar[str] = "paced"
    step: int
    asked_per_s: float
    drawn_per_s: float  # what its dice gave; the same as asked where intervals are even
    reached_per_s: float
    held: bool  # within 2 % of what was drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChanged(Observation):
    """The router changed one direction of a link; `t` is the router's own moment."""

    kind: ClassVar[str] = "link"
    link: str
    leaving: str
    reaching: str
    state: str
    impairment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeSeen(Observation):
    """One end of a bridge, as its broker's JMX shows it; `up` false when it has gone."""

    kind: ClassVar[str] = "bridge"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerChanged(Observation):
    """What was done to a broker, at the moment it happened: its container's own where the engine tells it."""

    kind: ClassVar[str] = "broker"
    broker: str
    state: str  # "stopping" | "stopped" | "killed" | "starting" | "started" | …: all are in docs/history.md
    instance: int = 0  # of a pair: which one
    standby: bool = False  # of a pair: it was not the active one, so the broker served on


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorChanged(Observation):
    """A network connector was stopped or started over its broker's JMX."""

    kind: ClassVar[str] = "connector"
    broker: str
    connector: str
    state: str  # "stopped" | "started"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringChanged(Observation):
    """A VPC peering is in another state, or in this one when the replay began."""

    kind: ClassVar[str] = "peering"
    peering: str
    id: str  # pcx-…
    requester: str
    accepter: str
    state: str  # as AWS names it: "pending-acceptance", "active", "failed", "expired", "rejected", "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChanged(Observation):
    """A route was made or taken away, or leads nowhere now, or somewhere again."""

    kind: ClassVar[str] = "route"
    table: str
    destination: str
    peering: str  # its name
    state: str  # "active" | "blackhole" | "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChanged(Observation):
    """A security group's rule was made or taken away."""

    kind: ClassVar[str] = "rule"
    group: str
    rule: str  # "tcp 61617 10.1.0.10/32"
    state: str  # "authorized" | "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyApplied(Observation):
    """The router lets other packets pass; `t` is the router's own moment, between two packets."""

    kind: ClassVar[str] = "policy"
    took_ms: float  # from the order to that moment
    changed: Mapping[str, str] = field(default_factory=dict)  # "tokyo to singapore": what passes there now


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted(Observation):
    """A connection was tried, from a broker's container or from this machine; beside it what the Network says."""

    kind: ClassVar[str] = "attempt"
    name: str
    source: str
    target: str
    port: int
    answer: str  # "open" | "refused" | "silent" | "unreachable"
    took_ms: float
    allowed: bool  # by peerings, routes and security groups, and the link is open
    stop: str = ""  # what stops it otherwise: "no-ingress-rule", …
    why: str = ""  # the same in words
    dropped: Mapping[str, int] = field(default_factory=dict)  # cause → packets, between the two during the attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketsDropped(Observation):
    """What the router dropped for one reason between two endpoints, since the lab opened."""

    kind: ClassVar[str] = "dropped"
    source: str  # an instance, or "internet"
    target: str
    at: str  # "way": there was none; "out", "in": no rule of the source's, of the target's groups
    cause: str  # "no ingress rule on sg-singapore for tcp 61617 from 10.1.0.10"
    packets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationSaved(Observation):
    """The service saved a revision of a configuration; no broker has it by that."""

    kind: ClassVar[str] = "configuration"
    configuration: str
    revision: int
    description: str = ""
    warnings: Mapping[str, int] = field(default_factory=dict)  # "REASON element attribute", of the first twenty
    removed: int = 0  # in all


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerRecordSeen(Observation):
    """What the service keeps of a broker, once at the beginning and after each change; no password is in it."""

    kind: ClassVar[str] = "record"
    broker: str
    state: str  # as the service names it: RUNNING, REBOOT_IN_PROGRESS, …
    configuration: str
    revision: int
    pending_configuration: str = ""
    pending_revision: int | None = None
    before: str = ""  # what a roll back would make pending
    users: Mapping[str, str] = field(default_factory=dict)  # each user, with CREATE, UPDATE, DELETE or nothing
    window: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance(Observation):
    """A broker's maintenance window opened with something pending, so that it is rebooted."""

    kind: ClassVar[str] = "maintenance"
    broker: str
    window: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine(Observation):
    """A line of a broker's log that matters, at the broker's own moment; before 0 where the lab was still opening."""

    kind: ClassVar[str] = "log"
    broker: str
    level: str
    text: str  # its first 500 characters, without time and thread
    name: str = ""  # of the pattern that it matches first; see lab.amazonmq.log_lines
    instance: int = 0  # of a pair: whose log it is
    times: int = 1  # it stands for so many lines alike, of which it is the last


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationSeen(Observation):
    """A broker's own counters of one destination: the second witness."""

    kind: ClassVar[str] = "destination"
    broker: str
    destination: str
    enqueued: int
    dequeued: int
    forwarded: int  # acknowledged by network subscriptions
    queued: int
    consumers: int
    discarded: int = 0  # by network subscriptions, topics only


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Observation):
    """All that a broker counts of one thing, when a snapshot is taken."""

    kind: ClassVar[str] = "counted"
    snapshot: str
    broker: str
    of: str  # "broker" | "destination" | "bridge" | "connector"
    name: str  # the broker's, the destination's as in Subscribed, the network or transport connector's
    counters: Mapping[str, int]
    remote: str = ""  # of a bridge end
    session: str = ""  # of a broker or a bridge end; another one counts from nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTaken(Observation):
    """A broker's part of a snapshot is whole; what it did not name, it counts nothing of."""

    kind: ClassVar[str] = "snapshot"
    snapshot: str
    broker: str
    answered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSeen(Observation):
    """The router's counters of one direction; delays one way, in milliseconds."""

    kind: ClassVar[str] = "link-counters"
    link: str
    leaving: str
    reaching: str
    configured_delay_ms: float
    measured_p50_ms: float | None
    measured_p99_ms: float | None
    packets: int
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(Observation):
    """Something went wrong that is nobody's verdict yet: a lost connection, a refused login."""

    kind: ClassVar[str] = "trouble"
    who: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Observation):
    """The replay came to its end; a history without this line was cut short."""

    kind: ClassVar[str] = "ended"
    complete: bool
    note: str = ""


KINDS: Mapping[str, type[Observation]] = {
    cls.kind: cls
    for cls in (
        StepStarted, StepEnded, Subscribed, Unsubscribed, Demand, Publishing, Sent, Acknowledged, Received, Paced,
        LinkChanged, BridgeSeen, DestinationSeen, LinkSeen, Trouble, Ended,
        PeeringChanged, RouteChanged, RuleChanged, PolicyApplied, Attempted, PacketsDropped, ClientChanged, Settled,
        BrokerChanged, ConnectorChanged, ConfigurationSaved, BrokerRecordSeen, Maintenance,
        LogLine, Counted, SnapshotTaken, Approached,
    )
}  # fmt: skip


class Recorder(Protocol):
    """Where observations go; safe to call from any thread."""

    def record(self, observation: Observation) -> None:
        """Take one observation."""
        ...


class MemoryRecorder:
    """A Recorder that keeps everything, in the order it came."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []

    def record(self, observation: Observation) -> None:
        """Keep one observation; appending to a list is safe from any thread."""
        self.observations.append(observation)


class Tee:
    """A Recorder that hands each observation to several, in order."""

    def __init__(self, *recorders: Recorder) -> None:
        self._recorders = recorders

    def record(self, observation: Observation) -> None:
        """Hand one observation on."""
        for recorder in self._recorders:
            recorder.record(observation)
