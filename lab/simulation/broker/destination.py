"""The common parts of queues and topics: their counters, and their messages' places in them."""

from __future__ import annotations

from lab.base.dataclass import dataclass
from lab.simulation.broker.message import Message
from lab.simulation.broker.policies import Policy
from lab.simulation.broker.store import Done, Write


class Destination:
    """A queue or a topic of one broker's process, with ActiveMQ's `DestinationStatistics`, which begin at 0."""

    __slots__ = (  # each message counts here
        "consumers", "dequeued", "dispatched", "duplicates", "enqueued", "expired", "forwarded", "idle_since",
        "in_flight", "made", "name", "policy", "producers",
    )  # fmt: skip

    def __init__(self, name: str, policy: Policy, t: int) -> None:
        self.name = name  # queue://a.b
        self.policy = policy
        self.enqueued = self.dequeued = self.dispatched = self.forwarded = 0
        self.in_flight = self.expired = self.duplicates = 0
        self.consumers = 0  # a durable subscription counts while it is away too
        self.producers = 0
        self.idle_since: int | None = None  # ns; None: it is in use, or upkeep has not looked yet
        self.made = t

    @property
    def queued(self) -> int:
        """Return the QueueSize, which is 0 for a topic."""
        return 0

    @property
    def waits(self) -> bool:
        """Return whether messages wait in it for consumers with room."""
        return False

    def send(self, message: Message, done: Done) -> None:
        """Take a message in, and answer its sender."""
        raise NotImplementedError

    def settle(self, node: Node, forwarded: bool) -> None:
        """Take note that a consumer has acknowledged a message."""
        self.dequeued += 1
        if forwarded:
            self.forwarded += 1

    def bury(self, node: Node, cause: str, consumer: str) -> None:
        """Send a message to the dead letters."""
        raise NotImplementedError

    def lapse(self, node: Node, consumer: str) -> None:
        """Let a message expire that waited for a subscription."""
        raise NotImplementedError

    def expire(self) -> bool:
        """Expire the waiting messages whose time is over; return whether another message may still expire."""
        return False

    def wake(self) -> None:
        """Dispatch every message that can be dispatched."""


@dataclass(slots=True, eq=False)
class Node:
    """A message's place in a destination: `MessageReference`."""

    message: Message
    destination: Destination
    number: int  # by which messages are in order
    redeliveries: int = 0
    gone: bool = False  # acknowledged, expired or dropped
    write: Write | None = None  # of a message that is on its way to the store
