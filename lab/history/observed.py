"""Observations of the observer inside a broker: connections, consumers and messages of applications."""

from __future__ import annotations

from lab.history.observation import Number, Observation


class ObserverChanged(Observation, frozen=True, kw_only=True, tag="observer"):
    """The observer of a broker began, lost events, did not answer, or ended, or its clock became less certain."""

    broker: str
    """The broker."""
    state: str
    """The change: `began`, `lost`, `silent`, `answering` (after a silence), `clock` or `ended`."""
    patterns: tuple[str, ...] = ()
    """The patterns of the observed destinations."""
    since: Number | None = None
    """The time in seconds from which on events may be missing; of a silent observer, until it answers."""
    lost_events: int = 0
    """The number of events that the broker's full buffer dropped."""
    clock_error: Number = 0.0
    """The largest error of the times of this broker's events from then on, in seconds."""
    why: str = ""
    """The reason in words."""
    instance: int = 0
    """The number of the instance of an active/standby pair; 0 for a single instance."""


class ConnectionSeen(Observation, frozen=True, kw_only=True, tag="connection"):
    """A client connected to an observed broker, or its connection ended."""

    broker: str
    """The broker."""
    connection: str
    """The id of the connection."""
    state: str
    """The change: `connected` or `disconnected`."""
    client_id: str = ""
    """The client id."""
    user: str = ""
    """The user."""
    address: str = ""
    """The address from which the client connected."""
    over: str = ""
    """The transport connector of the broker; `vm://BROKER` is its own side of a bridge, and `vm` the broker itself."""
    error: str = ""
    """The error that ended the connection, if the broker has it."""


class ConsumerSeen(Observation, frozen=True, kw_only=True, tag="consumer"):
    """A consumer of an observed destination began, or ended."""

    broker: str
    """The broker."""
    consumer: str
    """The id of the consumer."""
    state: str
    """The change: `subscribed`, `unsubscribed`, or `forgotten` for a durable subscription that was removed."""
    destination: str = ""
    """The destination or the pattern that the consumer subscribed to."""
    client_id: str = ""
    """The client id."""
    user: str = ""
    """The user."""
    connection: str = ""
    """The id of the connection."""
    selector: str = ""
    """The selector."""
    durable: str = ""
    """The name of the durable subscription."""
    over: str = ""
    """The transport connector of the broker; `vm://BROKER` is its own side of a bridge, and `vm` the broker itself."""
    network: bool = False
    """Whether the consumer belongs to a bridge."""
    browser: bool = False
    """Whether the consumer only browses the queue."""
    no_local: bool = False
    """Whether the consumer gets no message that its own connection sends."""
    error: str = ""
    """The reason for which the broker refused the consumer."""


class MessageSeen(Observation, frozen=True, kw_only=True, tag="message"):
    """A broker accepted, dispatched, or ended a message of an observed destination."""

    broker: str
    """The broker."""
    event: str
    """The event: `sent`, `dispatched`, `acknowledged`, `rejected`, `expired`, `dead-lettered` or `discarded`."""
    message: str
    """ActiveMQ's message id, which is the same at all brokers; an AMQP sender chooses it."""
    destination: str
    """The destination, for example `queue://orders`."""
    consumer: str = ""
    """The id of the consumer, if the event has one."""
    client_id: str = ""
    """The client id of the sender or of the consumer."""
    over: str = ""
    """The transport connector of the broker; `vm://BROKER` is its own side of a bridge, and `vm` the broker itself."""
    network: bool = False
    """Whether a bridge sent, received or acknowledged the message."""
    persistent: bool = False
    """Whether the broker stores the message."""
    retain: bool = False
    """Whether the message was sent to be retained, or dispatched as a retained one."""
    bytes: int | None = None
    """The size of the body in bytes (over AMQP the size of the encoded message, and in a simulation null)."""
    digest: str | None = None
    """The SHA-256 of the same bytes; null for more than 1 MiB."""
    lifetime: Number | None = None
    """The time to live of the message, in seconds."""
    original: str = ""
    """The destination to which the message was sent first, if it has moved."""
    correlation: str = ""
    """The correlation id."""
    transaction: str = ""
    """The transaction; the event counts only if the transaction is committed."""
    automatic: bool = False
    """Whether the broker acknowledged the message by itself while it dispatched it."""
    redelivered: int = 0
    """The number of earlier deliveries of the message."""
    took: Number | None = None
    """The time that the broker took to accept the message, in seconds."""
    why: str = ""
    """The reason in words: an error, or the cause of a dead letter."""


class TransactionEnded(Observation, frozen=True, kw_only=True, tag="transaction"):
    """A transaction of an observed broker ended."""

    broker: str
    """The broker."""
    transaction: str
    """The id of the transaction."""
    committed: bool
    """Whether the transaction was committed, and not rolled back."""
