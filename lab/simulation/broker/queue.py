"""A queue: the order in which its messages go to its consumers, and the messages that come back."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

from lab.simulation.broker.audit import OF_ENTRY, Audit
from lab.simulation.broker.dead_letters import Undertaker
from lab.simulation.broker.destination import Destination, Node
from lab.simulation.broker.limits import Limits
from lab.simulation.broker.message import Message
from lab.simulation.broker.policies import Policy
from lab.simulation.broker.priorities import Doubts, by_priority, put
from lab.simulation.broker.sentences import duplicate_add, duplicate_from_store, duplicate_send
from lab.simulation.broker.store import Done, Journal, Store
from lab.simulation.broker.subscriptions import QueueSubscription

GROUPS = 1024  # groups whose owner is known: `CachedMessageGroupMapFactory`

Log = Callable[[str, str, str], None]


class Queue(Destination):
    """A queue of one broker's process: `Queue`, with the cursor's audit."""

    __slots__ = (
        "_again", "_audit", "_back", "_busy", "_count", "_cursor", "_dead_letters", "_doubts", "_emptied", "_journal",
        "_limits", "_live", "_log", "_now", "_owners", "_paged", "_store", "order",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        policy: Policy,
        *,
        now: Callable[[], int],
        store: Store | None,
        journal: Journal,
        dead_letters: Undertaker,
        log: Log,
        emptied: Callable[[], None],
        limits: Limits,
    ) -> None:
        super().__init__(name, policy, now())
        self._now, self._emptied, self._limits = now, emptied, limits
        self.order: list[QueueSubscription] = []  # as they are asked, the highest priority first
        self._store, self._journal, self._dead_letters, self._log = (
            store,
            journal,
            dead_letters,
            log,
        )  # no store: it is temporary
        self._count = 0
        self._cursor: deque[Node] = deque()  # not paged in
        self._paged: deque[Node] = deque()  # paged in, and not handed out
        self._back: deque[Node] = deque()  # handed out before: they come first
        self._live: dict[int, Node] = {}
        self._owners: OrderedDict[str, QueueSubscription] = OrderedDict()  # of groups
        self._audit = Audit(*OF_ENTRY)
        self._busy = self._again = False
        self._doubts = Doubts(name, policy.page, limits.guess) if policy.prioritized else None
        if store is None:
            return
        journal.index(store, name)  # `KahaDBMessageStore` counts its messages when it starts, which makes it
        for number, message in store.queues.get(name, {}).items():
            self._cursor.append(node := Node(message, self, number, message.redeliveries))
            self._live[number] = node
            limits.store(message)
        if self._doubts is not None:
            self._cursor = self._doubts.recover(self._cursor)

    @property
    def queued(self) -> int:
        """Return the QueueSize, which includes the messages in flight."""
        return len(self._live)

    @property
    def waits(self) -> bool:
        """Return whether messages wait in it for consumers with room."""
        return bool(self._cursor or self._paged or self._back)

    def send(self, message: Message, done: Done) -> None:
        """Take a message in, and answer when its sender may know.

        It may be handed out before it is in the store, and is not written if it was acknowledged by then.
        """
        store = self._store if message.persistent else None
        if store is not None and not self._audit.is_new(message):
            self._refuse_duplicate(message)
            done(None)
            return
        node = Node(message, self, self._number() if store is None else store.number(), message.redeliveries)
        if message.expires is not None and message.expires <= self._now():  # "not added to stats yet": `Queue.send`
            self._dead_letters.expire(node)
            done(None)
            return
        if self._doubts is not None:
            self._doubts.look(message, (*self._cursor, *self._paged), empty=not self._live)
        self._live[node.number] = node
        if store is None:
            self._limits.add(message, False)
        else:
            self._limits.store(message)
            if (held := store.queues.get(self.name)) is None:
                held = store.queues[self.name] = {}
            node.write = self._journal.store(held.__setitem__, (node.number, message), done)
        self.enqueued += 1
        self.idle_since = None
        if not self._give_at_once(node):
            if self._doubts is None:
                self._cursor.append(node)
            else:
                put(self._cursor, node)
        if self._cursor or self._paged or self._back:
            self.wake()
        if store is None:
            done(None)

    def join(self, subscription: QueueSubscription) -> None:
        """Add a consumer."""
        self.consumers += 1
        self.idle_since = None
        subscription.destinations.append(self)
        if not subscription.info.browser:
            self.order.append(subscription)
            self.order.sort(key=self._rank)
        self.wake()

    def leave(self, subscription: QueueSubscription, unacknowledged: list[Node], *, redelivered: bool) -> None:
        """Remove a consumer: its unacknowledged messages go before all others, in their order."""
        self.consumers -= 1
        if subscription in self.order:
            self.order.remove(subscription)
        for group in [group for group, owner in self._owners.items() if owner is subscription]:
            del self._owners[group]
        for node in unacknowledged:
            node.redeliveries += redelivered
        if self._doubts is None:
            self._back.extend(unacknowledged)
        else:  # among the others, as 5.18.3 was seen to
            self._paged = by_priority((*unacknowledged, *self._paged))
        self.wake()

    def settle(self, node: Node, forwarded: bool) -> None:
        """Forget a message: `Queue.removeMessage`. A forwarded message may come back."""
        if node.gone:
            return
        self.dequeued += 1
        if forwarded:
            self.forwarded += 1
            self._audit.forget(node.message)
        self.drop(node)

    def drop(self, node: Node) -> None:
        """Take a message out of the queue and the store, which it may not have reached."""
        node.gone = True
        del self._live[node.number]
        store = self._store if node.message.persistent else None
        if store is None:
            self._limits.remove(node.message, False)
        else:
            self._limits.unstore(node.message)
        if not self._live:
            self._emptied()
        if store is not None and not (node.write is not None and self._journal.cancel(node.write)):
            store.queues[self.name].pop(node.number, None)

    def purge(self) -> None:
        """Remove all messages, also those that a consumer has: `Queue.purge`."""
        for node in list(self._live.values()):
            self.settle(node, forwarded=False)

    def clear(self) -> None:
        """Drop all messages: the queue is removed."""
        for node in list(self._live.values()):
            self.drop(node)

    def bury(self, node: Node, cause: str, consumer: str) -> None:
        """Send a message to the dead letters; `settle` takes it out."""
        self._audit.forget(node.message)
        self._dead_letters.bury(node, cause, consumer)

    def expire(self) -> bool:
        """Let messages expire whose time is over and that no consumer has; return whether others may expire yet.

        It looks at so many that live on and no further: `Queue.expireMessages` pages in as a browser does.
        """
        now, left, alive = self._now(), False, 0
        for node in [*self._back, *self._paged, *self._cursor]:
            ends = node.message.expires
            if not node.gone and ends is not None and ends <= now and alive < self.policy.expired_at_once:
                self._expire(node)
            elif not node.gone:
                alive += 1
                left |= ends is not None
        return left

    def shown(self) -> list[Message]:
        """Return a browser's view: the messages in their order, those in flight too, and no more than a page.

        Messages that are paged in for it and are over expire: `Queue.doPageInForDispatch`.
        """
        self.expire()
        return [node.message for node, _ in zip(self._live.values(), range(self.policy.browsed), strict=False)]

    def wake(self) -> None:
        """Page in and hand out, until no consumer takes any more: `Queue.iterate`."""
        self._again = True
        if self._busy or not (self._cursor or self._paged or self._back):
            return
        self._busy = True
        while self._again:
            self._again = False
            if self.order:
                if self._cursor:
                    self._page()
                if self._back and self._hand_out(self._back):
                    self._again = True
                if self._paged and self._hand_out(self._paged) and self._cursor:
                    self._again = True
        self._busy = False

    def _page(self) -> None:
        """Page in more, if few are waiting: `doPageInForDispatch`.

        Those beyond are not looked at, even if a consumer with a selector could take them.
        """
        cursor, paged, page = self._cursor, self._paged, self.policy.page
        if len(paged) < page:
            for _ in range(min(page, len(cursor))):
                if self._doubts is None:
                    paged.append(cursor.popleft())
                else:
                    put(paged, cursor.popleft())

    def _give_at_once(self, node: Node) -> bool:
        """Hand out a message that comes while nothing waits; return whether a consumer had room and took it."""
        if self._busy or self._cursor or self._paged or self._back:
            return False
        self._busy, order = True, self.order
        if len(order) == 1 and node.message.group is None:  # as `_give`: mostly there is one consumer, which takes all
            only = order[0]
            if given := not only.is_full() and ((test := only.test) is None or test(node)):
                only.give(node)
        else:
            given = self._give(node, self._ready())
        self._busy = False
        return given

    def _hand_out(self, waiting: deque[Node]) -> bool:
        """Hand messages to consumers with room, in turn; return whether one was given: `doActualDispatch`."""
        kept: deque[Node] | None = None
        given = False
        while waiting and (ready := self._ready()):
            node = waiting.popleft()
            if node.gone:
                continue
            if node.message.expires is not None and node.message.expires <= self._now():
                self._expire(node)
            elif self._give(node, ready):
                given = True
            else:
                kept = deque() if kept is None else kept
                kept.appendleft(node)
        if kept:
            waiting.extendleft(kept)
        return given

    def _ready(self) -> Sequence[QueueSubscription]:
        """Return the consumers with room, in the order in which they are asked."""
        order = self.order
        if len(order) == 1:
            return () if order[0].is_full() else order
        return [each for each in order if not each.is_full()]

    def _give(self, node: Node, ready: Sequence[QueueSubscription]) -> bool:
        """Hand a message to the first consumer that takes it; return whether one did."""
        group = node.message.group
        for target in ready:
            test = target.test
            if self.policy.exclusive and target is not self.order[0]:
                continue
            if (test is None or test(node)) and (group is None or self._owns(target, group)):
                if len(self.order) > 1:
                    self._rotate(target)
                target.give(node)
                return True
        return False

    def _owns(self, subscription: QueueSubscription, group: str) -> bool:
        """Return whether a consumer has a group, or gets it now: `assignMessageGroup`."""
        owner = self._owners.get(group)
        if owner is None:
            self._owners[group] = owner = subscription
            if len(self._owners) > GROUPS:
                self._owners.popitem(last=False)
        else:
            self._owners.move_to_end(group)
        return owner is subscription

    def _rotate(self, target: QueueSubscription) -> None:
        """Let the others of the same priority come first, those with fewer groups before."""
        if not self.policy.exclusive and not self.policy.strict:
            self.order.remove(target)
            self.order.append(target)
            self.order.sort(key=self._rank)

    def _number(self) -> int:
        if self._store is not None:
            return self._store.number()
        self._count += 1
        return self._count

    def _rank(self, subscription: QueueSubscription) -> tuple[int, int]:
        groups = sum(owner is subscription for owner in self._owners.values()) if self._owners else 0
        return (-subscription.info.priority if self.policy.by_priority else 0, groups)

    def _expire(self, node: Node) -> None:
        self.expired += 1
        self._audit.forget(node.message)
        self._dead_letters.expire(node)
        self.dequeued += 1
        self.drop(node)

    def _refuse_duplicate(self, message: Message) -> None:
        """Drop a message that is here or was: `AbstractStoreCursor.recoverMessage`, `duplicateFromStore`.

        One that is still in the store is refused by it; another one is written, and then found to be a duplicate.
        """
        self._log(*duplicate_send(str(self), message.id))
        if any(node.message.id == message.id for node in self._live.values()):
            self._log(*duplicate_add(self.name, message.id))
        else:
            self.duplicates += 1
            self._log(*duplicate_from_store(self.name, message.id))
            if self.policy.duplicates_die:
                self._dead_letters.bury(Node(message, self, 0), f"duplicate from store for {self.name}")

    def __str__(self) -> str:
        return (
            f"{self.name}, subscriptions={len(self.order)}, memory=0%, size={self.queued}, pending={len(self._paged)}"
        )
