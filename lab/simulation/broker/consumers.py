"""Consumers as their broker and bridges know them."""

from __future__ import annotations

from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerInfo:
    """A consumer: ActiveMQ's `ConsumerInfo`, which advisories send to bridges."""

    id: str
    client: str  # its connection's client id
    destination: str  # topic://a.>, queue://a,queue://b
    selector: str | None = None
    prefetch: int
    priority: int = 0
    browser: bool = False
    durable: str | None = None  # the name of a durable subscription
    path: tuple[str, ...] = ()  # of a network consumer: the brokers that the demand came over
    consumers: frozenset[str] = frozenset()  # of a network consumer: the ids of those it stands for
    network: bool = False
    retroactive: bool = False  # it asks for what its topic has kept
    connector: str | None = None
    target: str = ""  # of a network consumer: the broker that its messages go to
    message_ttl: int = 1  # of a network consumer
