"""Durable subscriptions: the messages that wait for a client while it is disconnected."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from lab.simulation.broker.audit import OF_ENTRY, Audit
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.destination import Node
from lab.simulation.broker.limits import Limits
from lab.simulation.broker.priorities import PAGE, by_priority, is_sure, put
from lab.simulation.broker.store import Durable
from lab.simulation.broker.subscriptions import Closed, Deliver, Subscription, Test


class DurableSubscription(Subscription):
    """A durable subscription. Messages wait for it while its client is disconnected, persistent ones in the store."""

    __slots__ = ("_audit", "_now", "_pending", "_prioritized", "_pumping", "record")

    def __init__(
        self,
        info: ConsumerInfo,
        record: Durable,
        test: Test | None,
        *,
        now: Callable[[], int],
        limits: Limits,
        prioritized: bool = False,
    ) -> None:
        super().__init__(info, _nobody, test, _not_open, limits=limits)
        self._now = now
        self.record = record
        self.open = False  # until its client takes it up
        self._pending: deque[Node] = deque()
        self._audit = Audit(*OF_ENTRY)
        self._pumping, self._prioritized = False, prioritized

    def is_at_ease(self, room: int) -> bool:
        """Return whether it has room for so many more messages, and none waits for it."""
        return not self._pending and super().is_at_ease(room)

    def take_up(self, info: ConsumerInfo, deliver: Deliver, closed: Closed, prefetch: int) -> None:
        """Connect a consumer: `activate`."""
        self.info, self.deliver, self._closed = info, deliver, closed
        self.prefetch = prefetch
        self.credit = 0 if info.prefetch == 0 else None
        self.open = True

    def offer(self, node: Node) -> None:
        """Queue a message, and dispatch as many as there is room for."""
        if self._prioritized:
            put(self._pending, node)
            if not is_sure(self._pending):
                self._limits.guess(f"more than {PAGE} messages wait by priority for {self.info.durable}")
        else:
            self._pending.append(node)
        self._limits.add(node.message, node.message.persistent)
        self.more()

    def offer_new(self, node: Node) -> None:
        """Offer a message, but drop a persistent one that it had before: the store cursor's `recordUniqueId`."""
        if node.message.persistent and not self._audit.is_new(node.message):
            self.record.pending.pop(node.number, None)
        else:
            self.offer(node)

    def settle(self, token: int) -> bool:
        """Acknowledge one message, in the store too."""
        if (node := self._flying.get(token)) is not None:
            self._forget(node)
        return super().settle(token)

    def reject(self, token: int, cause: str = "rejected by its consumer") -> None:
        """Treat one message as dead."""
        if (node := self._flying.get(token)) is not None:
            self._forget(node)
        super().reject(token, cause)

    def more(self) -> None:
        """Dispatch waiting messages while the consumer is connected and has room."""
        if self._pumping or not (pending := self._pending):
            return
        self._pumping = True
        while self.open and pending and not self.is_full():
            node = pending.popleft()
            if node.message.expires is not None and node.message.expires <= self._now():
                self._forget(node)
                node.destination.lapse(node, self.info.id)
            else:
                self.give(node)
        self._pumping = False

    def clear(self) -> None:
        """Drop all messages: the subscription has ended for good."""
        for node in (*self.take_back(), *self._pending):
            self._forget(node)
        self._pending.clear()

    def put_away(self, *, redelivered: bool) -> None:
        """Put dispatched messages back at the front of the waiting ones: `deactivate`."""
        back = self.take_back()
        for node in back:
            node.redeliveries += redelivered
        if self._prioritized:
            self._pending = by_priority((*back, *self._pending))
        else:
            self._pending.extendleft(reversed(back))
        self.deliver = _nobody

    def drop(self, number: int) -> bool:
        """Remove one of the waiting messages, in the store too; return whether it waited."""
        for place, node in enumerate(self._pending):
            if node.number == number:
                del self._pending[place]
                self._forget(node)
                return True
        return False

    def _forget(self, node: Node) -> None:
        """Drop a message, also from the store."""
        self.record.pending.pop(node.number, None)
        self._limits.remove(node.message, node.message.persistent)


def _nobody(*of: object) -> None:
    raise AssertionError("a message was handed to no client")


def _not_open(_: Subscription, redelivered: bool) -> None:
    raise AssertionError("a subscription whose client is away was closed")
