"""Observations of clients: connections, subscriptions, and each message sent or received."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import field

from lab.history.observation import Number, Observation


class SendOutcome(StrEnum):
    """The outcome of a send; unknown if no acknowledgement came."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Subscribed(Observation, frozen=True, kw_only=True, tag="subscribed"):
    """A broker accepted a subscription."""

    client: str
    broker: str
    over: str
    destination: str  # as ActiveMQ names it: topic://a.b, queue://orders; wildcards * and >
    step: int
    durable: bool = False  # the broker keeps it, and what comes for it, while the client is away
    selector: str | None = None
    ack: str = "auto"  # "client", "client-individual": what is received awaits an acknowledgement


class Approached(Observation, frozen=True, kw_only=True, tag="approach"):
    """How an attempt to reach a broker ended: each of a connect step, and of other steps those that failed."""

    client: str
    broker: str
    over: str
    what: str  # "connect" | "subscribe" | "publish"
    outcome: str  # "ok" | "refused" | "timed-out" | "tls-failed" | "not-authorised" | "failed": anything else
    took: Number  # seconds
    destination: str = ""  # that it was about, if it was
    note: str = ""  # the reason in full


class Unsubscribed(Observation, frozen=True, kw_only=True, tag="unsubscribed"):
    """A subscription ended."""

    client: str
    broker: str
    destination: str


class ClientChanged(Observation, frozen=True, kw_only=True, tag="client"):
    """A client with a subscription lost, closed or restored its connection, or still has it."""

    client: str
    broker: str
    state: str  # "disconnected" | "lost" | "refused" (it tried to come back) | "gave-up" | "returned" | "listening"
    note: str = ""


class Publishing(Observation, frozen=True, kw_only=True, tag="publishing"):
    """The facts that all messages of one publish step share."""

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
    expiry_s: Number | None = None  # how long after its sending a message is over
    group: str | None = None
    priority: int | None = None
    reply_to: str = ""  # "temporary": each message asks for an answer, into a temporary queue of its client
    part_of: int | None = None  # the step that sends them, where `step` is only the number in their ids
    varying: tuple[str, ...] = ()  # what differs or is a secret, as selectors name it
    size: int | None = None  # bytes of each body; 0 of generated ones: as many as its id needs; None: as `Sent` says


class Sent(Observation, frozen=True, kw_only=True, gc=False, tag="sent"):
    """A message was handed to its client; `Acknowledged` has the outcome."""

    id: str  # "<step>-<n>"
    digest: str | None = None  # of the body, when the body does not carry the id
    digest_as_text: str | None = None  # of a body that is not UTF-8: as a protocol of text shows it
    size: int | None = None  # bytes of the body, where `Publishing` has none for all


class Acknowledged(Observation, frozen=True, kw_only=True, gc=False, tag="acked"):
    """The outcome of a send."""

    id: str
    outcome: SendOutcome = SendOutcome.OK
    note: str = ""


class Received(Observation, frozen=True, kw_only=True, gc=False, tag="received"):
    """A client received a message: by `id` where it carries one of this run, else by the digest of its body."""

    client: str
    destination: str  # the subscription's own, as in Subscribed
    id: str | None = None
    digest: str | None = None
    retained: bool = False
    redelivered: bool = False
    pending: bool = False  # until the client acknowledges it; given back when it goes before that


class Settled(Observation, frozen=True, kw_only=True, tag="settled"):
    """The outcome of acknowledging a message; unknown means that no answer came."""

    client: str
    destination: str  # the subscription's own, as in Received
    id: str | None = None
    digest: str | None = None
    outcome: SendOutcome = SendOutcome.OK


class Answered(Observation, frozen=True, kw_only=True, tag="answered"):
    """An answer to a request came into the temporary queue of the client that had sent it."""

    client: str
    id: str  # the request's


class Replied(Observation, frozen=True, kw_only=True, tag="replied"):
    """What became of an answer that a client sent to a request."""

    client: str
    id: str  # the request's
    outcome: SendOutcome = SendOutcome.OK
    note: str = ""


class Browsed(Observation, frozen=True, kw_only=True, tag="browsed"):
    """What a client saw of a queue, in its order, without taking any of it; so none of it is received."""

    step: int
    client: str
    broker: str
    over: str
    destination: str
    ids: tuple[str, ...]
    others: int = 0  # messages that carry no id of this run
    ended: bool = True  # the broker said that it had shown all that it shows
    waiting: int | None = None  # by its own counter then; None if it did not answer


class Achieved(Observation, frozen=True, kw_only=True, tag="achieved"):
    """How many messages a step was asked to send or to take, and how many it did."""

    step: int
    did: str  # "sent": a broker accepted them | "taken": and acknowledged, if the step does
    done: int
    broker: str
    destination: str = ""  # empty for a step that takes of its client's subscriptions
    client: str = ""  # that takes
    asked: int | None = None  # None: as many as its rate gives until it is told to end
    least: int | None = None  # how many the scenario needs, if not all
    early: bool = False  # it ended before it was told to


class Paced(Observation, frozen=True, kw_only=True, tag="paced"):
    """The rate that a step kept, in messages a second over the time from its first message to its last."""

    step: int
    asked_per_s: Number
    drawn_per_s: Number  # what its dice gave; the same as asked where intervals are even
    reached_per_s: Number
    held: bool  # within 2 % of what was drawn
    late_p50_s: Number | None = None  # of a replay: how late after its moment a message was sent
    late_p99_s: Number | None = None
    late_max_s: Number | None = None
    drift: Number | None = None  # of a replay: by how much longer than it should all took, as a share
