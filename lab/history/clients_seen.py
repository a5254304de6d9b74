"""What clients did and were given, message by message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from lab.history.observation import Observation


class SendOutcome(StrEnum):
    """What became of a send: unknown means that no receipt came."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


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
    state: str  # "disconnected" | "lost" | "refused" (it tried to come back) | "gave-up" | "returned" | "listening"
    note: str = ""


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
