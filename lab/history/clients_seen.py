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
    """The client that subscribed."""
    broker: str
    """The broker that the client is connected to."""
    over: str
    """The protocol of the connection."""
    destination: str
    """The destination, as ActiveMQ names it, for example `topic://prices.>`."""
    step: int
    """The number of the step that subscribed the client."""
    durable: bool = False
    """Whether the broker keeps the subscription and its messages while the client is disconnected."""
    selector: str | None = None
    """The JMS selector of the subscription."""
    ack: str = "auto"
    """The acknowledgement mode of the subscription."""


class Approached(Observation, frozen=True, kw_only=True, tag="approach"):
    """An attempt to connect, subscribe or publish ended."""

    client: str
    """The client that made the attempt."""
    broker: str
    """The broker that the attempt was made at."""
    over: str
    """The protocol of the connection."""
    what: str
    """The action: `connect`, `subscribe` or `publish`."""
    outcome: str
    """The outcome, for example `ok`, `refused` or `timed-out`; `failed` is any other failure."""
    took: Number
    """The duration of the attempt, in seconds."""
    destination: str = ""
    """The destination of the attempt."""
    note: str = ""
    """The reason of the failure in full."""


class Unsubscribed(Observation, frozen=True, kw_only=True, tag="unsubscribed"):
    """A subscription ended."""

    client: str
    """The client that unsubscribed."""
    broker: str
    """The broker of the subscription."""
    destination: str
    """The destination of the subscription."""


class ClientChanged(Observation, frozen=True, kw_only=True, tag="client"):
    """The connection of a subscribed client changed, or still exists."""

    client: str
    """The client."""
    broker: str
    """The broker that the client was connected to."""
    state: str
    """The state: `disconnected`, `lost`, `refused`, `gave-up`, `returned` or `listening`."""
    note: str = ""
    """The reason in words."""


class Publishing(Observation, frozen=True, kw_only=True, tag="publishing"):
    """The common properties of the messages of one step."""

    step: int
    """The number with which the ids of the messages begin."""
    client: str
    """The client that sends the messages."""
    broker: str
    """The broker that the messages are sent to."""
    over: str
    """The protocol of the connection."""
    destination: str
    """The destination of the messages."""
    persistent: bool
    """Whether the messages are persistent; over MQTT, whether the quality of service is 1 or 2."""
    body: str
    """The kind of body: `generated` bodies have the message's id, `given` bodies are matched by their digest."""
    count: int | None = None
    """The number of messages; null for traffic without a fixed end."""
    place: str = ""
    """The location of the step in the scenario, if it differs from the number."""
    retained: bool = False
    """Whether the broker keeps the last message for later subscribers."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers of the messages that the scenario sets."""
    expiry_s: Number | None = None
    """The time after which a message expires, in seconds."""
    group: str | None = None
    """The message group."""
    priority: int | None = None
    """The priority of the messages."""
    reply_to: str = ""
    """The place of the answers: `temporary` for requests, otherwise empty."""
    part_of: int | None = None
    """The number of the step that sends the messages, if it differs from `step`."""
    varying: tuple[str, ...] = ()
    """The names of properties that differ between the messages or are secret."""
    size: int | None = None
    """The size of each body in bytes; 0 for generated bodies of minimum size, null for different sizes."""


class Sent(Observation, frozen=True, kw_only=True, gc=False, tag="sent"):
    """A message was handed to its client."""

    id: str
    """The id of the message: the number of its step and the number of the message."""
    digest: str | None = None
    """The digest of the body, if the body does not have the id."""
    digest_as_text: str | None = None
    """The digest of the body as text, if the body is not UTF-8."""
    size: int | None = None
    """The size of the body in bytes, if the sizes within the step differ."""


class Acknowledged(Observation, frozen=True, kw_only=True, gc=False, tag="acked"):
    """The outcome of a send."""

    id: str
    """The id of the message."""
    outcome: SendOutcome = SendOutcome.OK
    """The outcome; `unknown` means that no acknowledgement arrived."""
    note: str = ""
    """The reason of a failure in words."""


class Received(Observation, frozen=True, kw_only=True, gc=False, tag="received"):
    """A client received a message."""

    client: str
    """The client that received the message."""
    destination: str
    """The destination of the subscription."""
    id: str | None = None
    """The id of the message, if the message has it."""
    digest: str | None = None
    """The digest of the body, if the message does not have an id."""
    retained: bool = False
    """Whether the broker had retained the message."""
    redelivered: bool = False
    """Whether the broker marked the message as redelivered."""
    pending: bool = False
    """Whether the client still has to acknowledge the message."""


class Settled(Observation, frozen=True, kw_only=True, tag="settled"):
    """The outcome of a client's acknowledgement."""

    client: str
    """The client that acknowledged the message."""
    destination: str
    """The destination of the subscription."""
    id: str | None = None
    """The id of the message, if the message has it."""
    digest: str | None = None
    """The digest of the body, if the message does not have an id."""
    outcome: SendOutcome = SendOutcome.OK
    """The outcome; `unknown` means that the broker did not confirm the acknowledgement."""


class Answered(Observation, frozen=True, kw_only=True, tag="answered"):
    """An answer arrived in the temporary queue of the client that had sent the request."""

    client: str
    """The client that had sent the request."""
    id: str
    """The id of the request."""


class Replied(Observation, frozen=True, kw_only=True, tag="replied"):
    """The outcome of an answer that a client sent to a request."""

    client: str
    """The client that sent the answer."""
    id: str
    """The id of the request."""
    outcome: SendOutcome = SendOutcome.OK
    """The outcome; `unknown` means that no acknowledgement arrived."""
    note: str = ""
    """The reason of a failure in words."""


class Browsed(Observation, frozen=True, kw_only=True, tag="browsed"):
    """A client browsed a queue, and consumed no messages."""

    step: int
    """The number of the step."""
    client: str
    """The client that browsed the queue."""
    broker: str
    """The broker of the queue."""
    over: str
    """The protocol of the connection."""
    destination: str
    """The queue, as ActiveMQ names it."""
    ids: tuple[str, ...]
    """The ids of the messages, in the order of the queue."""
    others: int = 0
    """The number of messages that do not have an id of this run."""
    ended: bool = True
    """Whether the broker reported the end of the queue."""
    waiting: int | None = None
    """The number of messages in the queue by the broker's counter; null if it did not answer."""


class Achieved(Observation, frozen=True, kw_only=True, tag="achieved"):
    """The requested and the actual number of messages of a step."""

    step: int
    """The number of the step."""
    did: str
    """The action: `sent` messages that a broker accepted, or `taken` messages that a client consumed."""
    done: int
    """The actual number of messages."""
    broker: str
    """The broker of the step."""
    destination: str = ""
    """The destination; empty for a step that consumes from its client's subscriptions."""
    client: str = ""
    """The client that consumes."""
    asked: int | None = None
    """The requested number of messages; null for traffic without a fixed end."""
    least: int | None = None
    """The minimum number of messages that the scenario needs; null for all."""
    early: bool = False
    """Whether traffic ended before its requested end."""


class Paced(Observation, frozen=True, kw_only=True, tag="paced"):
    """The requested and the actual rate of a step."""

    step: int
    """The number of the step."""
    asked_per_s: Number
    """The requested rate, in messages per second."""
    drawn_per_s: Number
    """The rate of the random intervals; the requested rate if the intervals are even."""
    reached_per_s: Number
    """The actual rate, in messages per second."""
    held: bool
    """Whether the step took at most 2 %, or 50 ms, longer than its intervals."""
    late_p50_s: Number | None = None
    """The median delay of a replayed message after its due time, in seconds."""
    late_p99_s: Number | None = None
    """The 99th percentile of the delay of a replayed message after its due time, in seconds."""
    late_max_s: Number | None = None
    """The maximum delay of a replayed message after its due time, in seconds."""
    drift: Number | None = None
    """The excess duration of a replay, as a share of the intended duration."""
