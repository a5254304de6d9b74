"""The values of a recording: its header, each message as a protocol showed it, and its footer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct, field

VERSION = 1
LARGEST = 1e15  # of a number of seconds, bytes or messages
LOST = "lost: "  # begins why a recording ended that a lost connection has ended


Seconds = Annotated[float, Meta(ge=0, lt=LARGEST)]
Count = Annotated[int, Meta(ge=0, le=int(LARGEST))]
QoS = Annotated[int, Meta(ge=0, le=2)]
Priority = Annotated[int, Meta(ge=0, le=255)]
# Longer than a broker accepts by default; without control characters, so that it fits into a line of a protocol.
Name = Annotated[str, Meta(max_length=10_000, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
Content = Annotated[str, Meta(max_length=10_000, pattern=r"\A[^\x00]*\Z")]


class Header(Struct, frozen=True, kw_only=True):
    """The first line: the time and place of the recording, and its destinations."""

    recording: int = VERSION
    started: str  # ISO 8601, UTC; each `t` counts from here
    mqlab: str  # the version that wrote it
    brokers: Mapping[Name, Content]  # the names in the messages' `broker` → the broker's lab, or its address
    asked: tuple[str, ...]  # destinations, wildcards among them
    consumed: bool = False  # whether messages of queues were taken; else they were looked at
    headers_kept: bool = False  # whether headers with secrets were kept as they were


class Recorded(NamedTuple):
    """One message; None where the protocol shows nothing. A tuple, since it is made for every message."""

    t: float  # seconds since the recording began, on a monotonic clock
    broker: str
    over: str  # the protocol that showed it
    destination: str  # as ActiveMQ names it: topic://a.b, queue://orders
    body: bytes
    headers: Mapping[str, str]
    qos: int | None = None  # MQTT
    persistent: bool | None = None
    retained: bool = False
    priority: int | None = None
    expiry: float | None = None  # seconds from its sending after which a broker drops it
    group: str | None = None
    type: str | None = None  # "bytes", "text"; another one's body is only a picture of it
    id: str | None = None  # that a broker gave it
    size: int | None = None  # bytes of a body that is not there and is made anew; 0: as many as its id needs


class Footer(Struct, frozen=True, kw_only=True):
    """The last line of a recording that came to its end."""

    ended: str  # why: "count", "time", "interrupted", "terminated", or LOST and which
    messages: Count
    seconds: Seconds  # that were recorded
    missed: tuple[str, ...] = ()  # what may be missing, in words
    redacted: Mapping[Name, Count] = field(default_factory=dict)  # header → messages in which its value was replaced
    digest: str = ""  # SHA-256 of the octets of all lines before, in hexadecimal digits
