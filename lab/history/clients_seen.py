"""Observations of clients: connections, subscriptions, and each message sent or received."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import field

from lab.base.units import several
from lab.history.display import Course, Description, Look, Tone, Weight, weight
from lab.history.observation import Number, Observation


class SendOutcome(StrEnum):
    """The outcome of a send; unknown if no acknowledgement came."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


_OUTCOMES: Mapping[SendOutcome, str] = {
    SendOutcome.OK: "accepted by the broker",
    SendOutcome.FAILED: "refused by the broker",
    SendOutcome.UNKNOWN: "unknown, as no acknowledgement came",
}
_CONNECTION: Mapping[str, str] = {  # by state of a client
    "disconnected": "disconnected from",
    "lost": "lost its connection to",
    "refused": "could not reconnect to",
    "gave-up": "gave up reconnecting to",
    "returned": "is connected again to",
    "listening": "still listens at",
}
_MOST_IDS = 5  # of a browsed queue, in a row
_NOT_CONFIRMED = "the broker did not confirm that this was all"


def _step_of(message: str) -> str:
    return f"step {message.partition('-')[0]}"


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

    def _description(self) -> Description:
        text = f"subscribed to {self.destination} at {self.broker} over {self.over}"
        text += ", durable" if self.durable else ""
        text += f", where {self.selector}" if self.selector is not None else ""
        text += f", acknowledging by {self.ack}" if self.ack != "auto" else ""
        return self.client, text, Weight.PLAIN


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

    look = Look("not let in", Tone.WORSE)

    def _description(self) -> Description:
        doing = f" to {self.what} {self.destination}" if self.destination else " to connect"
        note = f" ({self.note})" if self.note else ""
        text = f"tried{doing} at {self.broker} over {self.over}: {self.outcome} after {self.took:.3g} s{note}"
        return self.client, text, weight(self.outcome == "ok")


class Unsubscribed(Observation, frozen=True, kw_only=True, tag="unsubscribed"):
    """A subscription ended."""

    client: str
    """The client that unsubscribed."""
    broker: str
    """The broker of the subscription."""
    destination: str
    """The destination of the subscription."""

    def _description(self) -> Description:
        return self.client, f"ended its subscription to {self.destination} at {self.broker}", Weight.PLAIN


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

    look = Course(
        subject=("client",),
        looks={
            "disconnected": Look("client away", Tone.PLAIN),
            "lost": Look("client lost", Tone.DOWN),
            "refused": None,
            "gave-up": None,
        },
        ends=("returned",),
    )

    @property
    def is_news(self) -> bool:
        """Return whether the connection changed, and not only still exists."""
        return self.state != "listening"

    def _description(self) -> Description:
        text = f"{_CONNECTION.get(self.state, self.state)} {self.broker}" + (f": {self.note}" if self.note else "")
        return self.client, text, weight(self.state in ("disconnected", "returned", "listening"))


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

    def _description(self) -> Description:
        kept = "persistent" if self.persistent else "not persistent"
        kept += ", retained" if self.retained else ""
        kept += f", group {self.group}" if self.group is not None else ""
        kept += f", priority {self.priority}" if self.priority is not None else ""
        kept += f", over after {self.expiry_s:g} s" if self.expiry_s is not None else ""
        headers = ", ".join(f"{name} {value}" for name, value in self.headers.items())
        kept += f", with {headers}" if headers else ""
        differ = "differs or is" if len(self.varying) == 1 else "differ or are"
        kept += f", whose {', '.join(self.varying)} {differ} secret" if self.varying else ""
        count = "messages" if self.count is None else several(self.count, "message")
        kept += f", answers to a {self.reply_to} queue" if self.reply_to else ""
        step = self.part_of or self.step
        client = "" if self.client == f"step-{step}" else f", as client {self.client}"
        text = f"publishes {count} to {self.destination} at {self.broker} over {self.over}, {kept}{client}"
        part = f", ids {self.step}-…" if self.part_of is not None else ""
        return f"step {step}", text + part, Weight.PLAIN


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

    def _description(self) -> Description:
        return self.description_of(self.id)

    def description_of(self, messages: str) -> Description:
        """Return the sentence of several messages of one step that were sent alike; `messages` names them."""
        return _step_of(self.id), f"sent {messages}", Weight.PLAIN


class Acknowledged(Observation, frozen=True, kw_only=True, gc=False, tag="acked"):
    """The outcome of a send."""

    id: str
    """The id of the message."""
    outcome: SendOutcome = SendOutcome.OK
    """The outcome; `unknown` means that no acknowledgement arrived."""
    note: str = ""
    """The reason of a failure in words."""

    def _description(self) -> Description:
        return self.description_of(self.id)

    def description_of(self, messages: str) -> Description:
        """Return the sentence of several sends of one step with one outcome; `messages` names the messages."""
        note = f" ({self.note})" if self.note else ""
        return _step_of(self.id), f"{_OUTCOMES[self.outcome]}: {messages}{note}", weight(self.outcome is SendOutcome.OK)


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

    @property
    def message(self) -> str:
        """Return the message in words: its id, or the digest of its body."""
        return self.id if self.id is not None else f"a body with digest {self.digest}"

    @property
    def flags(self) -> str:
        """Return the broker's flags in words; "" if the message has none."""
        text = (", retained" if self.retained else "") + (", marked as redelivered" if self.redelivered else "")
        return text + (", to be acknowledged" if self.pending else "")

    def _description(self) -> Description:
        return self.description_of(self.message)

    def description_of(self, messages: str) -> Description:
        """Return the sentence of several messages that a client received alike; `messages` names them."""
        return self.client, f"received {messages} from {self.destination}{self.flags}", Weight.PLAIN


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

    @property
    def message(self) -> str:
        """Return the message in words: its id, or the digest of its body."""
        return self.id if self.id is not None else f"a body with digest {self.digest}"

    def _description(self) -> Description:
        text = f"acknowledged {self.message} from {self.destination}"
        if self.outcome is SendOutcome.OK:
            return self.client, text, Weight.PLAIN
        answer = "the broker refused it" if self.outcome is SendOutcome.FAILED else "no answer came"
        return self.client, f"{text}: {answer}", Weight.FAULT


class Answered(Observation, frozen=True, kw_only=True, tag="answered"):
    """An answer arrived in the temporary queue of the client that had sent the request."""

    client: str
    """The client that had sent the request."""
    id: str
    """The id of the request."""

    def _description(self) -> Description:
        return self.description_of(self.id)

    def description_of(self, messages: str) -> Description:
        """Return the sentence of several answers to requests of one step; `messages` names the requests."""
        answers = "answer" if messages == self.id else "answers"
        return _step_of(self.id), f"got the {answers} to {messages}", Weight.PLAIN


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

    look = Look("answer not sent", Tone.SHUT)

    def _description(self) -> Description:
        return self.description_of(self.id)

    def description_of(self, messages: str) -> Description:
        """Return the sentence of several answers with one outcome; `messages` names the requests."""
        note = f" ({self.note})" if self.note else ""
        text = f"answered {messages}, {_OUTCOMES[self.outcome]}{note}"
        return self.client, text, weight(self.outcome is SendOutcome.OK)


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

    def _description(self) -> Description:
        number = len(self.ids) + self.others
        some = f": {', '.join(self.ids[:_MOST_IDS])}{' …' if len(self.ids) > _MOST_IDS else ''}" if self.ids else ""
        total = f" of {self.waiting}" if (self.waiting or 0) > number else ""
        queue = f"{self.destination} at {self.broker} over {self.over}"
        text = f"saw {several(number, 'message')}{total} in {queue}{some}"
        return self.client, text if self.ended else f"{text}; {_NOT_CONFIRMED}", Weight.PLAIN


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

    look = Look("less than asked", Tone.WORSE)

    def _description(self) -> Description:
        done = "were accepted" if self.did == "sent" else "were taken"
        asked = "" if self.asked is None else f" of {self.asked} asked"
        least = "" if self.least is None else f", at least {self.least} needed"
        early = ", and it ended too early" if self.early else ""
        well = not self.early and self.done >= (self.asked or 0)
        return f"step {self.step}", f"{self.done}{asked} {done}{least}{early}", weight(well)


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

    look = Look("rate not kept", Tone.WORSE)

    def _description(self) -> Description:
        drawn = "" if self.drawn_per_s == self.asked_per_s else f", {self.drawn_per_s:g} drawn"
        kept = f"{'kept' if self.held else 'did not keep'} its rate"
        text = f"{kept}: {self.reached_per_s:g} messages a second reached, {self.asked_per_s:g} asked{drawn}"
        if self.late_p99_s is not None and self.late_p50_s is not None:
            text += f"; sent late by {1000 * self.late_p50_s:.3g} ms (p50), {1000 * self.late_p99_s:.3g} ms (p99)"
        if self.drift is not None:
            text += f", drift {self.drift:.2%}"
        return f"step {self.step}", text, weight(self.held)
