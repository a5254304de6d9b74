"""A message, as brokers keep it and bridges carry it, whatever protocol it came over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from lab.base.dataclass import dataclass

NO_NUMBER = -1
HEADERS = 300  # octets of OpenWire beside body and properties: about 250 to 400 were seen


@dataclass(slots=True, eq=False)
class Message:
    """A message in a destination such as queue://a.b. It never changes once it is sent: copies are made."""

    id: str
    destination: str
    body: bytes
    properties: Mapping[str, str]
    persistent: bool
    priority: int = 4
    expires: int | None = None  # ns of the kernel
    group: str | None = None
    reply_to: str | None = None
    retained: bool = False  # it is the one that a topic has kept, and comes with the mark of it
    retain: bool = False  # its topic is asked to keep it, or with an empty body to keep none
    qos: int | None = None
    path: tuple[str, ...] = ()  # brokerPath: names of the brokers it came over
    redeliveries: int = 0  # at the broker that forwarded it
    size: int = field(default=0, repr=False)  # octets in a frame; 0: to be counted, and its id to be read
    producer: str = field(default="", repr=False)  # the id's beginning, which is its producer's
    sequence: int = field(default=NO_NUMBER, repr=False)  # and its number; NO_NUMBER if it is not written as one
    timestamp: int | None = None  # ns: when a broker first had it, or stamped it anew
    original: str = ""  # originalDestination, where the broker has moved it
    encoded: bool = False  # brokers keep it as its AMQP client has encoded it, which is not modelled

    def __post_init__(self) -> None:
        if not self.size:
            size = HEADERS + len(self.body)
            for name, value in self.properties.items():
                size += len(name) + len(value)
            self.size = size
            self.producer, _, number = self.id.rpartition(":")
            plain = number.isascii() and number.isdecimal() and (number == "0" or number[0] != "0")
            self.sequence = int(number) if plain else NO_NUMBER

    def to(self, destination: str) -> Message:
        """Return a copy of it for another destination."""
        return replace(self, destination=destination, original=self.destination)

    def over(self, broker: str) -> Message:
        """Return a copy as a bridge forwards it: `DemandForwardingBridgeSupport.configureMessage` adds to the path."""
        return Message(  # as `replace` does, which takes four times as long
            self.id,
            self.destination,
            self.body,
            self.properties,
            self.persistent,
            self.priority,
            self.expires,
            self.group,
            self.reply_to,
            self.retained,
            self.retain,
            self.qos,
            (*self.path, broker),
            self.redeliveries,
            self.size,
            self.producer,
            self.sequence,
            self.timestamp,
            self.original,
            self.encoded,
        )
