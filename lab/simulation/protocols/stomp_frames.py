"""The frames of STOMP 1.2, as values, and destinations as they are named there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache

from lab.base.dataclass import dataclass
from lab.clients.destination_names import of_stomp


@dataclass(slots=True)  # made for every message, which a named tuple takes twice as long for
class StompFrame:
    """One frame, in either direction; one without a command is a heartbeat."""

    command: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def octets(self) -> int:
        """Return the size in bytes."""
        if not self.command:
            return 1
        headers = self.headers
        text = "".join((self.command, *headers, *headers.values()))
        octets = len(text) if text.isascii() else len(text.encode())
        return octets + 2 * len(headers) + len(self.body) + 3


BEAT = StompFrame("")


@lru_cache(maxsize=1024)
def activemq_destination(written: str) -> str | None:
    """Return ActiveMQ's name of a destination, which may be composite; None for another name.

    >>> activemq_destination("/queue/a,/queue/b"), activemq_destination("/remote-temp-queue/ID:x")
    ('queue://a,b', 'temp-queue://ID:x')
    """
    found = [of_stomp(part.strip()) for part in written.split(",")]
    whole = ""
    for each in found:
        if each is None:
            return None
        if not whole:
            whole, first = str(each), each.kind
        else:
            whole += f",{each.name if each.kind == first else each}"
    return whole


@lru_cache(maxsize=1024)
def stomp_name(destination: str) -> str:
    """Return a destination of ActiveMQ's as STOMP names it to a consumer: a temporary one is another's."""
    kind, _, name = destination.partition("://")
    return f"/remote-{kind}/{name}" if kind.startswith("temp-") else f"/{kind}/{name}"
