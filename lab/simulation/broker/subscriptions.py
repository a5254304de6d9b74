"""Subscriptions: the window of a consumer, its waiting messages, and the effect of its acknowledgements."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from lab.simulation.broker.audit import OF_ENTRY, Audit
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.destination import Destination, Node
from lab.simulation.broker.limits import Limits
from lab.simulation.broker.message import Message

Deliver = Callable[[int, Message, bool], None]  # the token to acknowledge it with; whether it is redelivered
Test = Callable[[Node], bool]  # selector, and what a network bridge's filter allows
Closed = Callable[["Subscription", bool], None]
Observed = Callable[[str, Node], None]  # the kind of an acknowledgement, and its message
Warn = Callable[[str], None]  # of a slow consumer, as it describes itself


class Subscription:
    """One consumer's window: `AbstractSubscription`. At most `prefetch` messages are out and not acknowledged."""

    __slots__ = (
        "_closed", "_flying", "_limits", "_token", "credit", "deliver", "destinations", "discarded", "info", "observed",
        "open", "prefetch", "test",
    )  # fmt: skip

    def __init__(
        self, info: ConsumerInfo, deliver: Deliver, test: Test | None, closed: Closed, *, limits: Limits
    ) -> None:
        self.info = info
        self.deliver = deliver
        self.prefetch = info.prefetch
        self.credit: int | None = None  # messages that may still be handed out, where the client says how many
        self.destinations: list[Destination] = []
        self.discarded = 0
        self.test = test
        self.open = True
        self._closed, self._limits = closed, limits
        self.observed: Observed | None = None
        self._flying: dict[int, Node] = {}
        self._token = 0
        if info.prefetch == 0 and not info.network:
            self.credit = 0

    def is_full(self) -> bool:
        """Return whether nothing may be handed out: `PrefetchSubscription.isFull`."""
        return len(self._flying) >= self.prefetch if self.credit is None else self.credit <= 0

    def is_at_ease(self, room: int) -> bool:
        """Return whether it has room for so many more messages, and none waits that it may get."""
        return self.credit is None and len(self._flying) + room <= self.prefetch

    def grant(self, credit: int) -> None:
        """Let so many more messages be handed out, whatever is acknowledged: an AMQP client's credit, `AmqpSender`."""
        self.credit = (self.credit or 0) + credit
        self.more()

    def acknowledge(self, token: int) -> None:
        """Acknowledge one message: INDIVIDUAL. Harmless for one that went back or was acknowledged before."""
        if self.settle(token):
            self.more()

    def settle(self, token: int) -> bool:
        """Acknowledge one message, and leave it to `more` to hand out another; return whether it was there."""
        if (node := self._flying.pop(token, None)) is None:
            return False
        destination = node.destination
        destination.in_flight -= 1
        self._limits.remove(node.message, False)
        destination.settle(node, self.info.network)
        if (observed := self.observed) is not None:
            observed("one", node)
        return True

    def reject(self, token: int, cause: str = "rejected by its consumer") -> None:
        """Treat one message as dead: a POISON acknowledgement."""
        if (node := self._flying.pop(token, None)) is not None:
            node.destination.in_flight -= 1
            self._limits.remove(node.message, False)
            node.destination.bury(node, cause, self.info.id)
            node.destination.settle(node, self.info.network)
            if self.observed is not None:
                self.observed("poison", node)
            self.more()

    def close(self, *, redelivered: bool = True) -> None:
        """End the subscription; unacknowledged messages go back, marked as redelivered.

        `redelivered` is False if the consumer disconnected in order and named its last message:
        `RemoveInfo.LAST_DELIVERED_UNSET`.
        """
        if self.open:
            self.open = False
            self._closed(self, redelivered)

    def matches(self, node: Node) -> bool:
        """Return whether the consumer may get a message."""
        return self.test is None or self.test(node)

    def give(self, node: Node) -> None:
        """Hand out a message: `PrefetchSubscription.dispatch`, which counts at the destination."""
        self._token = token = self._token + 1
        self._flying[token] = node
        message, destination = node.message, node.destination
        self._limits.add(message, False)
        destination.dispatched += 1
        destination.in_flight += 1
        if self.credit is not None:
            self.credit -= 1
        deliver = self.deliver
        deliver(token, message, node.redeliveries > 0)

    def handed_out(self, token: int) -> Node:
        """Return a message that is handed out."""
        return self._flying[token]

    def take_back(self) -> list[Node]:
        """Return all that is handed out, in its order, and forget it."""
        found = list(self._flying.values())
        self._flying.clear()
        for node in found:
            node.destination.in_flight -= 1
            self._limits.remove(node.message, False)
        return found

    def more(self) -> None:
        """Dispatch waiting messages if there is room again."""
        raise NotImplementedError


class QueueSubscription(Subscription):
    """A consumer of queues; its messages wait only in the queues."""

    __slots__ = ()

    def is_at_ease(self, room: int) -> bool:
        """Return whether it has room for so many more messages, and none waits in its queues, for any consumer."""
        roomy = self.credit is None and len(self._flying) + room <= self.prefetch  # not asked of super: it costs twice
        return roomy and not [each for each in self.destinations if each.waits]

    def more(self) -> None:
        """Let its queues dispatch again."""
        for destination in self.destinations:
            destination.wake()


class TopicSubscription(Subscription):
    """A consumer of topics. It loses messages while it is disconnected, and the oldest ones while it is too slow."""

    __slots__ = (
        "_acknowledged", "_audit", "_first", "_matched", "_now", "_pumping", "_slow", "_warn",
        "limit",
    )  # fmt: skip

    def __init__(
        self,
        info: ConsumerInfo,
        deliver: Deliver,
        test: Test | None,
        closed: Closed,
        *,
        limit: int,
        audits: bool,
        warn: Warn,
        now: Callable[[], int],
        limits: Limits,
    ) -> None:
        super().__init__(info, deliver, test, closed, limits=limits)
        self._now = now
        self.limit = limit  # of messages that wait; -1: any number
        self._audit = Audit(*OF_ENTRY) if audits else None
        self._matched: deque[Node] = deque()
        self._warn, self._slow = warn, False
        self._first: Destination | None = None  # that it first had a message of: its counters get what is discarded
        self._acknowledged = 0
        self._pumping = False

    def is_at_ease(self, room: int) -> bool:
        """Return whether it has room for so many more messages, and none waits for it."""
        return not self._matched and self.credit is None and len(self._flying) + room <= self.prefetch

    def offer(self, node: Node) -> None:
        """Hand out a message, or let it wait, and discard the oldest of too many: `TopicSubscription.add`."""
        if self._audit is not None and not self._audit.is_new(node.message):
            return
        if not self._matched and (len(self._flying) < self.prefetch if self.credit is None else self.credit > 0):
            self._first = self._first or node.destination
            self.give(node)
            self._slow = False
            return
        if self.prefetch > 1 and len(self._matched) > self.prefetch and not self._slow:
            self._slow = True
            self._warn(str(self))
        if self.limit == 0:
            return  # it is neither kept nor counted as discarded
        self._matched.append(node)
        self._limits.add(node.message, False)
        while 0 < self.limit < len(self._matched):
            self._discard()
        self.more()

    def more(self) -> None:
        """Dispatch waiting messages as far as there is room: `dispatchMatched`."""
        if self._pumping or not (matched := self._matched):
            return
        self._pumping = True
        while matched and not self.is_full():
            node = self._next()
            if node.message.expires is not None and node.message.expires <= self._now():
                self._lapse(node)
            else:
                self._first = self._first or node.destination
                self.give(node)
        self._pumping = False

    def take_back(self) -> list[Node]:
        """Forget all: nothing of a topic goes back."""
        while self._matched:
            self._next()
        super().take_back()
        return []

    def _next(self) -> Node:
        """Return the oldest that waits, which waits no more."""
        node = self._matched.popleft()
        self._limits.remove(node.message, False)
        return node

    def _discard(self) -> None:
        """Discard the oldest that waits, which is a dead letter then: `OldestMessageEvictionStrategy`."""
        node = self._next()
        self._count_as_dequeued()
        self.discarded += 1
        node.destination.bury(node, f"TopicSubDiscard. ID:{self.info.id}", self.info.id)

    def _lapse(self, node: Node) -> None:
        self._count_as_dequeued()
        node.destination.lapse(node, self.info.id)

    def _count_as_dequeued(self) -> None:
        if self._first is not None:
            self._first.dequeued += 1

    def __str__(self) -> str:
        counts = f"dispatched={len(self._flying)}, delivered={self._acknowledged}, matched={len(self._matched)}"
        ends = f"discarded={self.discarded}, prefetchExtension=0, usePrefetchExtension=true"
        return f"TopicSubscription: consumer={self.info.id}, destinations={len(self.destinations)}, {counts}, {ends}"
