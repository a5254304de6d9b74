"""Brokers and the bridges between them, as far as forwarding depends on them."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.forwarding.filters import covers
from lab.activemq.forwarding.settings import Forwarding
from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bridge:
    """One direction in which a connector carries messages, from the source to the target; equal to itself alone."""

    connector: str
    initiator: str  # the broker whose configuration has the connector
    source: str
    target: str
    forwarding: Forwarding
    label: str = ""  # what people call the connector: its name, and its broker where others have one of that name

    @property
    def client_id(self) -> str:
        """Return the bridge's client id at the source: `DemandForwardingBridgeSupport.startLocalBridge`."""
        return self.forwarding.client_id_token.join((self.connector, self.target, "inbound", self.source))


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """A destination of which a broker forwards all messages to others: `CompositeDestinationFilter`."""

    broker: str
    pattern: str  # like queue://orders
    to: tuple[str, ...]
    keeps: bool = False  # its own destination has them too: forwardOnly is false
    selects: bool = False  # a selector decides which messages go where

    @property
    def words(self) -> str:
        """Return the kind and the name of the destination's element in a configuration."""
        kind, _, name = self.pattern.partition("://")
        return f"the composite{kind.capitalize()} {name}"

    def takes(self, destination: str) -> bool:
        """Return whether this composite forwards messages that are sent to a destination."""
        return covers(self.pattern, destination)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The bridges that are up, and how brokers forward messages internally."""

    bridges: tuple[Bridge, ...]
    replaying: tuple[tuple[str, str], ...] = ()  # (broker, pattern of queues): replayWhenNoConsumers
    composites: tuple[Composite, ...] = ()

    def reaching(self, broker: str) -> Iterator[Bridge]:
        """Yield the bridges that carry messages to a broker, and so learn of its consumers."""
        return (bridge for bridge in self.bridges if bridge.target == broker)

    def replays(self, broker: str, queue: str) -> bool:
        """Return whether a broker gives a queue's messages back where they came from, if it has no consumer."""
        return any(broker == where and covers(pattern, queue) for where, pattern in self.replaying)

    def forwards(self, broker: str, destination: str) -> Iterator[Composite]:
        """Yield the rules that forward messages of a broker's destination to other destinations."""
        return (each for each in self.composites if each.broker == broker and each.takes(destination))
