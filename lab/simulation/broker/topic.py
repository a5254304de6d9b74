"""A topic: the subscriptions that get a copy, the messages kept for later ones, and those in the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from heapq import nsmallest

from lab.activemq.destinations import ADVISORIES
from lab.simulation.broker.dead_letters import Undertaker
from lab.simulation.broker.destination import Destination, Node
from lab.simulation.broker.durable_subscriptions import DurableSubscription
from lab.simulation.broker.message import Message
from lab.simulation.broker.policies import Policy
from lab.simulation.broker.store import Done, Durable, Journal, Store
from lab.simulation.broker.subscriptions import TopicSubscription

IN_MEMORY = 100  # messages for durable subscribers that a broker without a store keeps of a topic


class Topic(Destination):
    """A topic of one broker's process: `Topic`."""

    __slots__ = (
        "_crowded",
        "_dead_letters",
        "_expires_acknowledged",
        "_expires_durables",
        "_journal",
        "_kept",
        "_now",
        "_store",
        "durables",
        "subscriptions",
    )

    def __init__(
        self,
        name: str,
        policy: Policy,
        *,
        now: Callable[[], int],
        store: Store,
        journal: Journal,
        dead_letters: Undertaker,
        expires_durables: bool,
        expires_acknowledged: bool,
        crowded: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(name, policy, now())
        self._now, self._crowded = now, crowded
        self._expires_durables, self._expires_acknowledged = expires_durables, expires_acknowledged
        self.subscriptions: list[TopicSubscription] = []
        self.durables: list[DurableSubscription] = []
        self._kept: Message | None = None  # in memory alone: it goes with the process, and with the destination
        self._store, self._journal, self._dead_letters = store, journal, dead_letters
        if name.startswith("topic://") and not name.startswith(ADVISORIES):  # else it is temporary
            journal.index(store, name)  # `KahaDBTopicMessageStore` asks for its subscriptions, which makes it

    def send(self, message: Message, done: Done) -> None:
        """Take a message in, hand out its copies, and answer its sender.

        A persistent one is stored first if there is a durable subscription, whether its consumer is there or not:
        `Topic.doMessageSend`; `concurrentStoreAndDispatchTopics` is off.
        """
        number = self._store.number()
        self.idle_since = None
        if message.expires is not None and message.expires <= self._now():
            self.expired += 1
            self._dead_letters.expire(Node(message, self, number))
            done(None)
            return
        if message.persistent and self.durables:
            records = [each.record for each in self.durables if each.matches(Node(message, self, number))]

            def stored(refused: str | None) -> None:
                self._dispatch(message, number)
                done(refused)

            self._journal.write(_keep, (records, number, message), stored)
            if self._crowded is not None and sum(len(each.record.pending) for each in self.durables) >= IN_MEMORY:
                self._crowded(self.name)
        else:
            self._dispatch(message, number)
            done(None)

    def join(self, subscription: TopicSubscription) -> None:
        """Add a consumer, first with the kept messages if it asks for them: `SubscriptionRecoveryPolicy`."""
        self.consumers += 1
        self.idle_since = None
        subscription.destinations.append(self)
        self.subscriptions.append(subscription)
        if subscription.info.retroactive or self.policy.retroactive:
            self._recover(subscription)

    def keep_for(self, durable: DurableSubscription) -> None:
        """Add a durable subscription, which gets its stored messages, and all that come from now on."""
        self.consumers += 1
        self.idle_since = None
        durable.destinations.append(self)
        self.durables.append(durable)
        durable.record.topics.setdefault(self.name)
        for number, message in list(durable.record.pending.items()):
            if message.destination == self.name:
                durable.offer_new(Node(message, self, number))

    def recover(self, durable: DurableSubscription) -> None:
        """Hand the kept messages to a durable subscription that was resumed and asks for them."""
        if (durable.info.retroactive or self.policy.retroactive) and self._kept is not None:
            node = Node(self._kept, self, self._store.number())
            if durable.matches(node):
                durable.offer(node)

    def leave(self, subscription: TopicSubscription) -> None:
        """Remove a consumer."""
        if subscription in self.subscriptions:
            self.consumers -= 1
            self.subscriptions.remove(subscription)

    def forget(self, durable: DurableSubscription) -> None:
        """Let a durable subscription end for good."""
        if durable in self.durables:
            self.consumers -= 1
            self.durables.remove(durable)

    def bury(self, node: Node, cause: str, consumer: str) -> None:
        """Send a copy to the dead letters."""
        self._dead_letters.bury(node, cause, consumer)

    def lapse(self, node: Node, consumer: str) -> None:
        """Let a message expire that waited for a subscription."""
        self.expired += 1
        self._dead_letters.expire(node, consumer)

    def expire(self) -> bool:
        """Let stored messages expire that wait for durable subscribers that are away; return whether others may yet.

        `Topic.expireMessagesTask` looks at the first messages of the store, however many subscribers wait for them.
        Other messages, and those that are not persistent, expire when their turn comes.
        """
        now, stored = self._now(), dict[int, Message]()
        for durable in self.durables:
            its = durable.record.pending
            stored |= {number: message for number, message in its.items() if message.destination == self.name}
        first = nsmallest(self.policy.expired_at_once, stored, lambda number: self._place(number, stored[number]))
        away = [durable for durable in self.durables if self._expires_durables or not durable.open]
        for number in first:
            message = stored[number]
            if message.expires is None or message.expires > now:
                continue
            node = Node(message, self, number)
            for durable in away:
                if durable.drop(number) or self._expires_acknowledged:
                    self.lapse(node, durable.info.id)
        return any(message.expires is not None for message in stored.values())

    def _place(self, number: int, message: Message) -> tuple[int, int]:
        """Return the place of a message in the store's order."""
        return (-message.priority if self.policy.prioritized else 0, number)

    def _dispatch(self, message: Message, number: int) -> None:
        """Hand each subscription its copy: `SimpleDispatchPolicy`, after the recovery policy has had a look."""
        self.enqueued += 1
        if message.retain:
            kept = replace(message, retain=False, retained=True)
            self._kept = kept if message.body else None  # whatever the policy: `Topic.setSubscriptionRecoveryPolicy`
            message = replace(message, retain=False)
        for subscription in (*self.subscriptions,):
            node = Node(message, self, number)
            if (test := subscription.test) is None or test(node):
                subscription.offer(node)
        for durable in (*self.durables,) if self.durables else ():
            node = Node(message, self, number)
            if durable.matches(node):
                durable.offer_new(node)

    def _recover(self, subscription: TopicSubscription) -> None:
        if self._kept is not None:
            node = Node(self._kept, self, self._store.number())
            if subscription.matches(node):
                subscription.offer(node)


def _keep(records: list[Durable], number: int, message: Message) -> None:
    for record in records:
        record.pending[number] = message
