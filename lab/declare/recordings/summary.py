"""The summary that a replay needs of a recording or a history, from one pass that keeps no message.

Messages that agree in broker, protocol, destination, persistence and retention are a stream: they may be sent alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import NamedTuple

from lab.activemq.matching import MOST_MESSAGES
from lab.base.dataclass import dataclass
from lab.declare.recordings.opening import opened
from lab.declare.recordings.redaction import sent_masked
from lab.declare.recordings.values import Header, Recorded
from lab.errors import InputError

MOST_STREAMS = 1_000
MOST_HEADERS = 1_000  # in which the messages of a stream differ
GROUP, PRIORITY = "JMSXGroupID", "JMSPriority"  # as selectors name them


class StreamKey(NamedTuple):
    """The common properties of a stream's messages."""

    broker: str
    over: str
    destination: str
    persistent: bool
    retained: bool


def stream_of(message: Recorded) -> StreamKey:
    """Return the stream of a message; over MQTT its QoS decides whether a broker keeps it, and 1 is the default."""
    kept = message.persistent
    if kept is None:
        kept = message.qos != 0
    return StreamKey(message.broker, message.over, message.destination, kept, message.retained)


@dataclass(slots=True)
class Stream:
    """The messages of a stream: their number, their common fields, and the names of the `varying` fields."""

    messages: int = 0
    headers: dict[str, str] = field(default_factory=dict)  # that each message has, with that value
    group: str | None = None
    priority: int | None = None
    expiry: float | None = None  # seconds; the longest, None if one never expires
    varying: set[str] = field(default_factory=set)  # headers, GROUP and PRIORITY
    expires: bool = False  # whether any message does
    longest: float = 0.0  # seconds; the longest expiry of those that do
    binary: int = 0  # messages whose body is no UTF-8
    pictures: int = 0  # messages whose body is only a picture of what it was, such as a map
    largest: int = 0  # bytes of the largest body
    smallest: int = 0

    @property
    def size(self) -> int | None:
        """Return the bytes of each body; None if they differ."""
        return self.largest if self.largest == self.smallest else None

    def add(self, message: Recorded) -> None:
        """Count one message."""
        first = self.messages == 0
        self.messages += 1
        if first:
            self.headers, self.group, self.priority = dict(message.headers), message.group, message.priority
            self.expiry = message.expiry
        else:
            self._compare(message)
        self.expires |= message.expiry is not None
        self.longest = max(self.longest, message.expiry or 0.0)
        size = len(message.body) if message.size is None else message.size
        self.largest, self.smallest = max(self.largest, size), size if first else min(self.smallest, size)
        self.pictures += message.type not in (None, "bytes", "text")
        try:
            message.body.decode()
        except UnicodeDecodeError:
            self.binary += 1

    def _compare(self, message: Recorded) -> None:
        if message.headers != self.headers:
            for name in {*self.headers, *message.headers}:
                if self.headers.get(name) != message.headers.get(name):
                    self.headers.pop(name, None)
                    self.varying.add(name)
        if message.group != self.group:
            self.varying.add(GROUP)
        if message.priority != self.priority:
            self.varying.add(PRIORITY)
        if message.expiry is None or self.expiry is None:
            self.expiry = None
        else:
            self.expiry = max(self.expiry, message.expiry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The contents of a recording, without its messages."""

    header: Header
    messages: int
    seconds: float  # from its first message to its last one
    streams: Mapping[StreamKey, Stream]  # in the order of their first messages
    loss: str = ""  # what is missing in it, or masked, in words
    open: bool = False  # whether it has no end, so that more may be written to it
    run: str | None = None  # of whose history it is, without bodies; None: it is a recording
    redacted: Mapping[str, int] = field(default_factory=dict)


def summarise(path: Path, file: str = "") -> Summary:
    """Return the summary of a recording, or of a history; damage raises InputError, with file and line."""
    streams: dict[StreamKey, Stream] = {}
    first = last = 0.0
    with opened(path, file) as reading:
        for message in reading:
            if reading.messages == 1:
                first = message.t
            last = max(last, message.t)
            key = stream_of(message)
            stream = streams.get(key)
            if stream is None:
                stream = streams[key] = Stream()
                if len(streams) > MOST_STREAMS:
                    what = f"{reading.file} has messages to more than {MOST_STREAMS} destinations"
                    raise InputError.of(what, "record fewer destinations: choose them with --topic and --queue")
            stream.add(message)
            if stream.messages > MOST_MESSAGES:
                what = f"{reading.file} has more than {MOST_MESSAGES} messages to {key.destination}"
                raise InputError.of(what, "record fewer messages")
            if len(stream.varying) > MOST_HEADERS:
                its = f"messages to {key.destination}"
                what = f"{reading.file} has {its} with more than {MOST_HEADERS} headers that differ"
                raise InputError.of(what, "record other destinations")
        return Summary(
            header=reading.header,
            messages=reading.messages,
            seconds=max(0.0, last - first),
            streams=streams,
            loss="; ".join(each for each in (reading.loss, sent_masked(reading.redacted)) if each),
            open=reading.open,
            run=reading.run,
            redacted=reading.redacted,
        )
