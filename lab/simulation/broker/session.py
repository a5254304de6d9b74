"""A client's connection to a broker once it has logged in: its rights, its subscriptions, its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import field

from lab.base.dataclass import dataclass
from lab.simulation.broker.message import Message
from lab.simulation.broker.store import Done
from lab.simulation.broker.subscriptions import Subscription


class Refused(Exception):
    """The broker refuses; the words are ActiveMQ's own."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.words = message


@dataclass(slots=True, eq=False, kw_only=True)
class Session:
    """A connection that has logged in: `ConnectionContext`."""

    user: str
    groups: frozenset[str]
    client: str  # client id
    address: str  # tcp://10.1.0.10:49152, vm://tokyo#4
    connector: str  # the transport connector's name; empty for a broker's own connection, vm://
    network: bool  # a bridge's
    connection: str  # its id
    ended: Callable[[str], None] | None  # called when the broker ends it by itself, with the reason
    closed: Callable[[Session], None]
    subscriptions: dict[str, Subscription] = field(default_factory=dict)  # by the consumer's id
    temporary: dict[str, None] = field(default_factory=dict)  # temporary destinations, which go with it
    producers: dict[int, Callable[[], None]] = field(default_factory=dict)  # how to end each
    open: bool = True
    error: str = ""  # that ended it
    storing: Done | None = None  # of its message that is on its way into the store
    stored: Done | None = None  # called once that is there: bound once, as it would be for each message
    behind: deque[tuple[Message, Done, int]] = field(default_factory=deque)  # what came meanwhile, and when, in ns
    late: int = 0  # ns: since when each message has waited for the one before it to be stored; 0: the last one has not

    def close(self, *, redelivered: bool = True) -> None:
        """End the session with its subscriptions; durable ones stay in the store. Harmless if it has ended."""
        if self.open:
            self.open = False
            for subscription in list(self.subscriptions.values()):
                subscription.close(redelivered=redelivered)
            for end in list(self.producers.values()):
                end()
            self.closed(self)

    def end(self, why: str) -> None:
        """End the session from the broker's side, and notify its protocol."""
        if self.open:
            self.close()
            self.behind.clear()  # nobody reads any more from its connection
            if self.ended is not None:
                self.ended(why)
