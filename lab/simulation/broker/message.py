"""A message, as brokers keep it and bridges carry it, whatever protocol it came over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from lab.dataclass import dataclass

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
    redeliveries: int = 0
    size: int = field(default=0, repr=False)  # octets in a frame; 0: to be counted

    def __post_init__(self) -> None:
        if not self.size:
            its = self.properties
            self.size = HEADERS + len(self.body) + (len("".join((*its, *its.values()))) if its else 0)

    def to(self, destination: str) -> Message:
        """Return a copy of it for another destination."""
        return replace(self, destination=destination)

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
        )
