"""Observations of the observer inside a broker: connections, consumers and messages of applications."""

from __future__ import annotations

from lab.base.units import gap
from lab.history.display import Description, Weight, weight
from lab.history.observation import Number, Observation

_NO_CLIENT_ID = "(no client id)"
_WELL = ("began", "ended", "answering")  # states of an observer


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

    def _description(self) -> Description:
        why = f": {self.why}" if self.why else ""
        match self.state:
            case "began":
                change = f"began: {', '.join(self.patterns)}"
            case "ended":
                change = f"ended{why}"
            case "clock":
                return self.broker, f"the times of {self._name} may be wrong by {gap(self.clock_error)}", Weight.PLAIN
            case "answering":
                change = "answers again"
            case "silent":
                change = f"has not answered since {self.since or 0:.3f} s"
            case _:
                count = f"{self.lost_events} events" if self.lost_events else "events"
                since = "" if self.since is None else f" from {self.since:.3f} s on"
                change = f"lost {count}{since}: {self.why}"
        return self.broker, f"{self._name} {change}", weight(self.state in _WELL)

    @property
    def _name(self) -> str:
        return f"the observer of instance {self.instance}" if self.instance else "the observer"


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

    def _description(self) -> Description:
        error = f": {self.error}" if self.error else ""
        where = f" from {self.address}" if self.address and self.state == "connected" else ""
        over = f" over {self.over}" if self.over and self.state == "connected" else ""
        client = self.client_id or _NO_CLIENT_ID
        return self.broker, f"client {client} {self.state}{where}{over}{error}", Weight.PLAIN


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

    def _description(self) -> Description:
        client = f"{'bridge' if self.network else 'client'} {self.client_id or _NO_CLIENT_ID}"
        selector = f" with selector {self.selector}" if self.selector else ""
        change = "subscribed to" if self.state == "subscribed" else "left"
        refused = f", which the broker refused: {self.error}" if self.error else ""
        return self.broker, f"{client} {change} {self.destination}{selector}{refused}", Weight.PLAIN


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

    @property
    def client(self) -> str:
        """Return the client in words: a bridge, a client by its id, or by its connector."""
        name = self.client_id or (f"a client over {self.over}" if self.over else "an unknown client")
        return f"the bridge {name}" if self.network else name

    def without_id(self) -> str:
        """Return the event in words, in which "it" is the message."""
        to, why = self.destination, f": {self.why}" if self.why else ""
        match self.event:
            case "sent" if self.original and self.why:
                return f"moved it from {self.original} to {to}{why}"
            case "sent" if self.why:
                return f"refused it from {self.client} to {to}{why}"
            case "sent":
                return f"accepted it from {self.client} on {to}"
            case "dispatched":
                again = f", delivery {self.redelivered + 1}" if self.redelivered else ""
                return f"dispatched it from {to} to {self.client}{again}"
            case "acknowledged" if self.automatic:
                return f"acknowledged it on {to} by itself for {self.client}"
            case "acknowledged":
                transaction = f" in transaction {self.transaction}" if self.transaction else ""
                return f"{self.client} acknowledged it on {to}{transaction}"
            case "rejected":
                return f"{self.client} rejected it on {to}{why}"
        return f"{self.event} on {to}{why}"

    def _description(self) -> Description:
        refused = self.event == "sent" and self.why
        well = not refused and self.event not in ("rejected", "expired", "dead-lettered", "discarded")
        return self.broker, f"message {self.message}: {self.without_id()}", weight(well)


class TransactionEnded(Observation, frozen=True, kw_only=True, tag="transaction"):
    """A transaction of an observed broker ended."""

    broker: str
    """The broker."""
    transaction: str
    """The id of the transaction."""
    committed: bool
    """Whether the transaction was committed, and not rolled back."""

    def _description(self) -> Description:
        ended = "committed" if self.committed else "rolled back"
        return self.broker, f"transaction {self.transaction} {ended}", Weight.PLAIN
