"""Brokers and the bridges between them, as far as forwarding depends on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lab.activemq.forwarding.filters import covers
from lab.activemq.forwarding.settings import Forwarding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bridge:
    """One direction in which a connector carries messages, from the source to the target; equal to itself alone."""

    connector: str
    initiator: str  # the broker whose configuration has the connector
    source: str
    target: str
    forwarding: Forwarding


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The bridges that are up, and where queues give messages back to the broker they came from."""

    bridges: tuple[Bridge, ...]
    replaying: tuple[tuple[str, str], ...] = ()  # (broker, pattern of queues): replayWhenNoConsumers

    def leaving(self, broker: str) -> Iterator[Bridge]:
        """Yield the bridges that carry messages away from a broker."""
        return (bridge for bridge in self.bridges if bridge.source == broker)

    def reaching(self, broker: str) -> Iterator[Bridge]:
        """Yield the bridges that carry messages to a broker, and so learn of its consumers."""
        return (bridge for bridge in self.bridges if bridge.target == broker)

    def replays(self, broker: str, queue: str) -> bool:
        """Return whether a broker gives a queue's messages back where they came from, if it has no consumer."""
        return any(broker == where and covers(pattern, queue) for where, pattern in self.replaying)
