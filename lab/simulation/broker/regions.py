"""A broker's destinations and its subscriptions to them, wildcards and durable ones among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from lab.activemq.destinations import has_wildcard
from lab.activemq.forwarding.filters import covers
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.dead_letters import Undertaker
from lab.simulation.broker.destination import Destination
from lab.simulation.broker.durable_subscriptions import DurableSubscription
from lab.simulation.broker.limits import Limits
from lab.simulation.broker.policies import Chooser
from lab.simulation.broker.queue import Queue
from lab.simulation.broker.sentences import slow
from lab.simulation.broker.settings import Settings
from lab.simulation.broker.store import Durable, Journal, Store
from lab.simulation.broker.subscriptions import (
    Deliver,
    QueueSubscription,
    Subscription,
    Test,
    TopicSubscription,
)
from lab.simulation.broker.topic import IN_MEMORY, Topic

Log = Callable[[str, str, str], None]  # level, logger, text


class Regions:
    """`QueueRegion`, `TopicRegion` and those of temporary destinations, as one."""

    def __init__(
        self,
        *,
        now: Callable[[], int],
        store: Store,
        journal: Journal,
        choose: Chooser,
        dead_letters: Undertaker,
        log: Log,
        made: Callable[[str], None],
        removed: Callable[[str], None],
        emptied: Callable[[], None],
        limits: Limits,
        settings: Settings,
    ) -> None:
        self.all: dict[str, Destination] = {}
        self.subscriptions: dict[int, Subscription] = {}  # by identity, in the order in which they came
        self.durables: dict[tuple[str, str], DurableSubscription] = {}  # by client id and name
        self._now, self._store, self._journal, self._choose = now, store, journal, choose
        self._dead_letters, self._log, self._made, self._emptied = dead_letters, log, made, emptied
        self._removed, self._limits = removed, limits
        self._expires_durables, self._expires_acknowledged = settings.expires_durables, settings.expires_acknowledged
        self._crowded = None if settings.persistent else self._drops

    def recover(self, test: Callable[[ConsumerInfo], Test | None]) -> None:
        """Make the store's destinations and durable subscriptions, as a starting process does."""
        for name in (*self._store.destinations, *self._store.queues):
            self.get(name)
        for key, record in self._store.durables.items():
            self._restore(key, record, test(record.info))

    def get(self, name: str) -> Destination:
        """Return a destination, made now if it is not there, with the subscriptions to it by a wildcard."""
        if (found := self.all.get(name)) is not None:
            return found
        made = self.all[name] = self._make(name)
        self._made(name)
        for subscription in list(self.subscriptions.values()):
            if subscription.open and covers(subscription.info.destination, name):
                self._join(subscription, made)
        for durable in self.durables.values():
            if covers(durable.info.destination, name):
                assert isinstance(made, Topic)
                made.keep_for(durable)
        return made

    def remove(self, name: str) -> None:
        """Remove a destination and its messages for good."""
        if (removed := self.all.pop(name, None)) is not None:
            if isinstance(removed, Queue):
                removed.clear()
            for subscription in self.subscriptions.values():
                if removed in subscription.destinations:
                    subscription.destinations.remove(removed)
            self._removed(name)
        self._store.destinations.pop(name, None)
        self._store.queues.pop(name, None)

    def of(self, pattern: str) -> Iterator[Destination]:
        """Yield the destinations that a name stands for; a destination without wildcards and parts is created."""
        if not has_wildcard(pattern) and "," not in pattern:
            yield self.get(pattern)
        else:
            yield from [each for name, each in self.all.items() if covers(pattern, name)]

    def subscription(
        self,
        info: ConsumerInfo,
        deliver: Deliver,
        test: Test | None,
        closed: Callable[[Subscription, bool], None],
        address: str,
    ) -> Subscription:
        """Return a new subscription, which has no messages before it joins."""
        policy, queue = self._choose(info.destination), info.destination.startswith(("queue://", "temp-queue://"))
        prefetch = policy.prefetch(info.prefetch, queue=queue, durable=False)
        made: Subscription
        if queue:
            made = QueueSubscription(info, deliver, test, closed, limits=self._limits)
        else:

            def warn(subscription: str) -> None:
                self._log(*slow(subscription, address))

            made = TopicSubscription(
                info,
                deliver,
                test,
                closed,
                limit=policy.limit(prefetch),
                audits=policy.audits_topics,
                warn=warn,
                now=self._now,
                limits=self._limits,
            )
        made.prefetch = prefetch
        return made

    def durable_prefetch(self, info: ConsumerInfo) -> int:
        """Return the prefetch that a durable subscription has."""
        return self._choose(info.destination).prefetch(info.prefetch, queue=False, durable=True)

    def join(self, subscription: Subscription) -> None:
        """Let a subscription have messages of all its destinations."""
        self.subscriptions[id(subscription)] = subscription
        for destination in self.of(subscription.info.destination):
            if destination not in subscription.destinations:
                self._join(subscription, destination)

    def leave(self, subscription: Subscription, *, redelivered: bool) -> None:
        """End a subscription; its queues get its unacknowledged messages back."""
        self.subscriptions.pop(id(subscription), None)
        back = subscription.take_back()
        for destination in list(subscription.destinations):
            if isinstance(destination, Queue) and isinstance(subscription, QueueSubscription):
                its = [node for node in back if node.destination is destination]
                destination.leave(subscription, its, redelivered=redelivered)
            elif isinstance(destination, Topic) and isinstance(subscription, TopicSubscription):
                destination.leave(subscription)

    def durable(self, info: ConsumerInfo, key: tuple[str, str], test: Test | None) -> DurableSubscription:
        """Return the durable subscription of a client's name, made now if it is not there.

        A subscription with another destination or selector replaces the old one: `TopicRegion.addConsumer`.
        """
        found = self.durables.get(key)
        if found is not None and _same(found.info, info):
            return found
        if found is not None:
            self.forget(key)
        record = self._store.durables[key] = Durable(replace(info, path=()))  # the store keeps no path
        made = self._restore(key, record, test)
        if not (info.network and has_wildcard(info.destination)):
            self.get(info.destination)  # a client's wildcard makes a topic of that very name, a bridge's none: seen
        return made

    def forget(self, key: tuple[str, str]) -> None:
        """End a durable subscription for good."""
        self._store.durables.pop(key, None)
        if (durable := self.durables.pop(key, None)) is not None:
            durable.clear()
            for destination in durable.destinations:
                assert isinstance(destination, Topic)
                destination.forget(durable)

    def _restore(self, key: tuple[str, str], record: Durable, test: Test | None) -> DurableSubscription:
        durable = self.durables[key] = DurableSubscription(
            record.info,
            record,
            test,
            now=self._now,
            limits=self._limits,
            prioritized=self._choose(record.info.destination).prioritized,
        )
        for name, destination in list(self.all.items()):
            if isinstance(destination, Topic) and covers(record.info.destination, name):
                destination.keep_for(durable)
        return durable

    def _make(self, name: str) -> Destination:
        policy = self._choose(name)
        if name.startswith(("queue://", "temp-queue://")):
            store = self._store if name.startswith("queue://") else None
            return Queue(
                name,
                policy,
                now=self._now,
                store=store,
                journal=self._journal,
                dead_letters=self._dead_letters,
                log=self._log,
                emptied=self._emptied,
                limits=self._limits,
            )
        return Topic(
            name,
            policy,
            now=self._now,
            store=self._store,
            journal=self._journal,
            dead_letters=self._dead_letters,
            expires_durables=self._expires_durables,
            expires_acknowledged=self._expires_acknowledged,
            crowded=self._crowded,
        )

    def _drops(self, topic: str) -> None:
        """Report that more is kept than stays there: `MemoryTopicMessageStore` drops the oldest, but not at once."""
        self._limits.guess(f"without a store more than {IN_MEMORY} messages of {topic} wait for durable subscribers")

    def _join(self, subscription: Subscription, destination: Destination) -> None:
        match subscription, destination:
            case QueueSubscription(), Queue():
                destination.join(subscription)
            case TopicSubscription(), Topic():
                destination.join(subscription)


def _same(one: ConsumerInfo, other: ConsumerInfo) -> bool:
    return one.destination == other.destination and one.selector == other.selector
