"""The subscriptions that one end of a bridge has at its own broker, for consumers at the other one.

`DemandForwardingBridgeSupport`, `ConduitBridge` and `DurableConduitBridge`; the rules themselves are those of
`lab.activemq.forwarding`, by which `mqlab routes` answers too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import field, replace
from functools import partial

from lab.activemq.forwarding.durable import SUBSCRIPTIONS_BEGIN, is_synced, is_taken_up, name_of_subscription
from lab.activemq.forwarding.filters import covers
from lab.activemq.forwarding.rules import demand_priority, demand_stop, demanded, may_be_joined, may_join
from lab.base.dataclass import dataclass
from lab.simulation.bridge.settings import ConnectorSettings
from lab.simulation.broker.broker import Broker
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.message import Message
from lab.simulation.broker.session import Session
from lab.simulation.broker.subscriptions import Subscription

_PATIENCE = 30_000_000_000  # ns that a subscription which is to end waits for answers: `waitForCompletion`


@dataclass(slots=True, eq=False)
class DemandSubscription:
    """A subscription, and the consumers that it is for."""

    info: ConsumerInfo  # the local one
    static: bool
    interests: dict[str, None]  # ids of the remote consumers
    subscribers: set[tuple[str, str]] = field(default_factory=set)  # remote durable ones: client id if known, and name
    local: Subscription | None = None
    unanswered: int = 0  # messages that the remote broker has not answered
    ending: bool = False
    looks: int = -1  # ns: when waiting messages are dispatched next

    def look(self) -> None:
        """Dispatch the messages that wait."""
        self.looks = -1
        if self.local is not None:
            self.local.more()

    def settled(self) -> None:
        """Note that one more message is answered."""
        self.unanswered -= 1
        if self.ending and not self.unanswered:
            self.end()

    def end(self) -> None:
        """End the subscription, if its end is due."""
        if self.ending and self.local is not None:
            self.local.close()
            self.local = None


class Demand:
    """All of one end's demand subscriptions."""

    def __init__(
        self,
        broker: Broker,
        session: Session,
        settings: ConnectorSettings,
        remote_id: str,
        forward: Callable[[DemandSubscription, int, Message, bool], None],
        demanded: dict[str, ConsumerInfo],  # of all ends of bridges of this broker, by local id
        replace_duplicate: Callable[[str], None],  # ends the subscription of that local id, if a connector has it
        *,
        sync_counts_ttl: bool = False,  # of durable subscriptions: AMQ-9689
    ) -> None:
        self._broker, self._session, self._settings, self._remote = broker, session, settings, remote_id
        self._forward, self._demanded, self._replace_duplicate = forward, demanded, replace_duplicate
        self._rules, self._counts_ttl = settings.forwarding, sync_counts_ttl
        self._for_temporaries = replace(self._rules, excluded=(), included=(), static=(), destination_filter=())
        # what is synchronised is no advisory, which those settings keep away
        self._for_synced = replace(self._rules, static_bridge=False, destination_filter=(), duplex=False)
        self._subscriptions: dict[str, DemandSubscription] = {}  # by local id
        self._parts: dict[str, list[str]] = {}  # of a composite consumer: the ids of its parts
        self._durable_parts: dict[tuple[str, str], list[tuple[str, str]]] = {}  # of a composite durable subscriber
        self._count = 0
        self._permitted: dict[str, bool] = {}  # by destination, once a message of it came

    def permits(self, destination: str) -> bool:
        """Return whether the bridge may carry a destination: `isPermissableDestination`."""
        if (known := self._permitted.get(destination)) is None:
            if _is_temporary(destination):  # of which there may be many
                return self._settings.temporaries
            known = self._permitted[destination] = self._rules.permits(destination)
        return known

    def include(self, stored: Set[str]) -> None:
        """Subscribe for static destinations, and for durable subscriptions that wait; raise Refused.

        Only durable subscriptions to a topic that is `stored` count; so a wildcard does not, unless a topic has that
        very name. Another bridge's durable subscriptions count too, if its client id begins with this connector's name,
        as each client id of this connector does. `setupStaticDestinations`, also of `DurableConduitBridge`.
        """
        for destination in self._rules.static:
            if self._rules.permits(destination):
                self._subscribe(self._for_nobody(destination), static=True)
        if self._settings.dynamic_only or not self._rules.conduit_subscriptions:
            return
        for its_info in self._broker.all_durables():
            client, durable, destination = its_info.client, its_info.durable or "", its_info.destination
            own = client == self._session.client and durable == name_of_subscription(self._broker.name, destination)
            if own and self._rules.sync_durable_subs and not self._rules.permits(destination) and destination in stored:
                self._broker.forget(client, durable, by=self._session)
                continue
            known = any(covers(destination, each.info.destination) for each in self._subscriptions.values())
            its = is_taken_up(self._settings.name, self._broker.name, destination, client=client, name=durable)
            if its and destination in stored and self._rules.permits(destination) and not known:
                path = its_info.path if self._counts_ttl else ()
                self._subscribe(replace(self._for_nobody(destination), durable=durable, path=path), static=True)

    def synchronise(self, subscriptions: Iterable[ConsumerInfo]) -> None:
        """Subscribe for durable subscriptions of the remote broker, and end those for no subscriber; raise Refused.

        Those that end are to dynamically included topics. Their subscribers have ended for good.
        """
        rules = self._rules
        if not rules.sync_durable_subs or not rules.conduit_subscriptions or self._settings.dynamic_only:
            return
        for info in subscriptions:
            if is_synced(
                rules,
                self._settings.name,
                info.destination,
                client=info.client,
                name=info.durable or "",
                counts_ttl=self._counts_ttl,
            ):
                self.learn(info, synced=True)
        for each in tuple(self._subscriptions.values()):
            if any(covers(included, each.info.destination) for included in rules.included):
                self._clean(each)

    def learn(self, consumer: ConsumerInfo, *, synced: bool = False) -> None:
        """Subscribe for a consumer that has come at the remote broker, if the rules allow it; raise Refused."""
        rules = self._for_synced if synced else self._rules
        if consumer.browser:
            return
        if _is_temporary(consumer.destination):
            if not self._settings.temporaries:
                return
            rules = self._for_temporaries
        if demand_stop(rules, self._broker.id, consumer.destination, consumer.path) is not None:
            return
        if not synced:  # an advisory names no client
            consumer = replace(consumer, client="")
        parts = demanded(rules, consumer.destination)
        if len(parts) == 1:
            self._subscribe(consumer if parts[0] == consumer.destination else replace(consumer, destination=parts[0]))
            return
        if consumer.id in self._parts and rules.suppresses(consumer.destination):
            return
        self._parts[consumer.id] = ids = []
        for part in parts:
            ids.append(f"{consumer.id}:{self._next()}")
            durable = None if consumer.durable is None else consumer.durable + part.partition("://")[2]
            if consumer.durable is not None and durable is not None:
                whole = consumer.client, consumer.durable
                self._durable_parts.setdefault(whole, []).append((consumer.client, durable))
            self._subscribe(replace(consumer, id=ids[-1], destination=part, durable=durable))

    def forget(self, consumer: str) -> None:
        """End the subscriptions that were only for this consumer: `removeDemandSubscription`."""
        for each in self._parts.pop(consumer, [consumer]):
            for subscription in tuple(self._subscriptions.values()):
                if each in subscription.interests:
                    del subscription.interests[each]
                    if not subscription.interests:
                        self._end(subscription)

    def forget_durable(self, client: str, name: str) -> None:
        """End the subscriptions that were only for a durable subscriber that has ended: `RemoveSubscriptionInfo`."""
        for subscriber in self._durable_parts.pop((client, name), [(client, name)]):
            for each in tuple(self._subscriptions.values()):
                if (key := self._subscriber(*subscriber)) in each.subscribers:
                    each.subscribers.discard(key)
                    self._clean(each)

    def remove(self, local_id: str) -> bool:
        """End the subscription of a local id; return whether there is one: `removeDemandSubscriptionByLocalId`."""
        found = self._subscriptions.get(local_id)
        if found is not None:
            self._end(found)
        return found is not None

    def stop(self) -> None:
        """Drop all subscriptions; their counterparts at the broker end with the session."""
        for local_id in self._subscriptions:
            self._demanded.pop(local_id, None)
        self._subscriptions.clear()

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _for_nobody(self, destination: str) -> ConsumerInfo:
        own = f"{self._session.client}:0:{self._next()}"
        return ConsumerInfo(id=own, client="", destination=destination, prefetch=self._settings.prefetch, network=True)

    def _subscribe(self, consumer: ConsumerInfo, *, static: bool = False) -> None:
        rules, destination = self._rules, consumer.destination
        if self._joins(consumer):
            return
        path = consumer.path if static and self._remote in consumer.path else (*consumer.path, self._remote)
        conduit = rules.conduit_subscriptions
        durable = consumer.durable
        interest = consumer.id
        if durable is not None and conduit:
            durable = name_of_subscription(self._broker.name, destination)
            interest = f"{self._session.client}:0:{self._next()}"  # so that it outlives the consumer
        info = ConsumerInfo(
            id=f"{self._session.client}:1:{self._next()}",
            client=self._session.client,
            destination=destination,
            selector=None if conduit else consumer.selector,
            prefetch=self._settings.prefetch,
            priority=demand_priority(rules, consumer.priority, path),
            durable=durable,
            path=path,
            consumers=consumer.consumers | {consumer.id},
            network=True,
            retroactive=consumer.retroactive,
            connector=self._settings.name,
            target=self._remote,
            message_ttl=rules.message_ttl,
        )
        if self._is_duplicate(info):
            return
        subscription = DemandSubscription(info, static, {interest: None})
        if durable is not None and not static:
            subscription.subscribers.add(self._subscriber(consumer.client, consumer.durable or ""))
        self._subscriptions[info.id] = subscription
        self._demanded[info.id] = info
        subscription.local = self._broker.subscribe(info, partial(self._forward, subscription), by=self._session)

    def _joins(self, consumer: ConsumerInfo) -> bool:
        """Add a consumer to an existing subscription; return whether there is one: `ConduitBridge`."""
        if not may_join(self._rules, consumer.destination, network=consumer.network):
            return False
        joined = False
        for each in self._subscriptions.values():
            info = each.info
            if may_be_joined(
                self._rules, info.destination, consumer.destination, static=each.static, hops=len(info.path)
            ):
                if consumer.durable is None:
                    each.interests[consumer.id] = None
                else:
                    each.subscribers.add(self._subscriber(consumer.client, consumer.durable))
                joined = True
        return joined

    def _is_duplicate(self, info: ConsumerInfo) -> bool:
        """Return whether another bridge has a subscription for the same consumer: `duplicateSuppressionIsRequired`.

        A subscription of lower priority ends instead, if it is of a connector of this broker.
        """
        queue = _is_queue(info.destination)
        if not self._rules.suppresses("queue://" if queue else "topic://"):
            return False
        for other in tuple(self._demanded.values()):
            if _is_queue(other.destination) == queue and other.consumers & info.consumers:
                if other.priority >= info.priority:
                    return True
                self._replace_duplicate(other.id)
                return False
        return False

    def _subscriber(self, client: str, name: str) -> tuple[str, str]:
        """Return a durable subscriber's key: of another bridge, its two brokers (`getProxyBridgeClientId`)."""
        parts = client.split(self._settings.token)
        if name.startswith(SUBSCRIPTIONS_BEGIN) and not client.startswith(self._settings.name) and len(parts) > 2:
            return self._settings.token.join((parts[-3], "inbound", parts[-1])), name
        return client, name

    def _clean(self, subscription: DemandSubscription) -> None:
        """End a durable subscription of this bridge for good if it has no subscriber: `cleanupDurableSub`."""
        info = subscription.info
        if info.durable is None or subscription.subscribers:
            return
        self._subscriptions.pop(info.id, None)
        self._demanded.pop(info.id, None)
        subscription.ending = True
        subscription.end()
        self._broker.forget(info.client, info.durable, by=self._session)

    def _end(self, subscription: DemandSubscription) -> None:
        """End a subscription once its messages are answered: `removeSubscription`."""
        self._subscriptions.pop(subscription.info.id, None)
        self._demanded.pop(subscription.info.id, None)
        subscription.ending = True
        if subscription.unanswered:
            self._broker.process.after(_PATIENCE, subscription.end)
        else:
            subscription.end()


def _is_temporary(destination: str) -> bool:
    return destination.startswith("temp-")


def _is_queue(destination: str) -> bool:
    return "queue" in destination.partition("://")[0]
