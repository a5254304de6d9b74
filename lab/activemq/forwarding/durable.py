"""Where messages wait for a durable subscriber of a topic that is disconnected.

With `conduitSubscriptions` a bridge makes a durable subscription of its own at its near end, which outlives the
consumer at the far end: `DurableConduitBridge.createDemandSubscription`. Without it the subscription is the consumer's,
and is given up with it: `DemandForwardingBridge`. The subscriptions that a reopened bridge takes up again are decided
by `DurableConduitBridge.setupStaticDestinations` (`dynamicOnly`), and by `NetworkBridgeUtils.getBrokerSubscriptionInfo`
(`syncDurableSubs`). All of it is alike from 5.15 to 5.18. From 5.19.1 on, the subscriptions that a broker sends depend
on the TTL of consumers, and on the way that they came (AMQ-9689): `is_synced`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from lab.activemq.forwarding.filters import covers
from lab.activemq.forwarding.network import Bridge
from lab.activemq.forwarding.settings import Forwarding

# What the names of bridges' own durable subscriptions begin with: `DemandForwardingBridgeSupport.DURABLE_SUB_PREFIX`
SUBSCRIPTIONS_BEGIN = "NC-DS_"


class Absence(StrEnum):
    """The fate of the bridges since a durable subscriber left."""

    LEFT = "left"  # they have stayed up
    REOPENED = "reopened"  # they were lost and have opened again, and their brokers have run on
    RESTARTED = "restarted"  # their brokers were restarted
    UNSEEN = "unseen"  # they came up first when it was away, and have never learnt of it


def kept_on(way: Sequence[Bridge], topic: str) -> Mapping[Absence, str | None]:
    """Return the broker of a way on which a persistent message waits for a disconnected durable subscriber at its end.

    The message goes as far as bridges have an active subscription, and the rest of the way when the subscriber is back.
    The broker is None if no broker keeps the message. An absence is missing if its broker is unknown. The subscription
    is to `topic`, to which no other client listens.
    """
    known = (Absence.LEFT,) if any(_counts_ttl(each, way, topic) for each in way) else Absence
    return {absence: _kept_on(way, topic, absence) for absence in known}


def name_of_subscription(broker: str, topic: str) -> str:
    """Return the name of a bridge's own durable subscription to a broker's topic: `getSubscriberName`."""
    return f"{SUBSCRIPTIONS_BEGIN}{broker}_{topic.partition('://')[2]}"


def is_taken_up(connector: str, broker: str, topic: str, *, client: str, name: str) -> bool:
    """Return whether a bridge that opens resumes a client's durable subscription to a topic of its broker.

    Not only its own: that of each client whose id its connector's name begins, as it does that of each other bridge of
    this connector. `DurableConduitBridge.setupStaticDestinations`.
    """
    return name == name_of_subscription(broker, topic) and client.startswith(connector)


def taken_up_too(bridges: Iterable[Bridge], way: Sequence[Bridge], topic: str, absence: Absence) -> tuple[Bridge, ...]:
    """Return the other bridges that have taken up a way's subscriptions for a subscriber at its end."""
    if absence not in (Absence.REOPENED, Absence.RESTARTED):
        return ()
    its = {each.source: each for each in way if each.forwarding.conduit_subscriptions}
    return tuple(
        other
        for other in bridges
        if (bridge := its.get(other.source)) is not None
        and other is not bridge
        and other.forwarding.permits(topic)
        and _looks_for(other, topic, absence)
        and is_taken_up(
            other.connector,
            bridge.source,
            topic,
            client=bridge.client_id,
            name=name_of_subscription(bridge.source, topic),
        )
    )


def told_when_opening(rules: Forwarding, topic: str) -> bool:
    """Return whether a bridge receives a topic's durable subscriptions when it opens, used ones too.

    `destinationFilter` and `staticBridge`, which keep advisories from it, do not keep it from that.
    """
    synced = rules.sync_durable_subs and rules.conduit_subscriptions and not rules.dynamic_only
    return synced and any(covers(each, topic) for each in rules.included)


def is_synced(rules: Forwarding, connector: str, topic: str, *, client: str, name: str, counts_ttl: bool) -> bool:
    """Return whether a broker that exchanges durable subscriptions with a bridge of a connector counts a subscription.

    The broker that sends the subscription asks so, and then the broker that receives it, each by its own release: from
    5.19.1 on they count the TTL of consumers. `NetworkBridgeUtils.matchesConfigForDurableSync`.
    """
    of_bridge = name.startswith(SUBSCRIPTIONS_BEGIN)
    if of_bridge and client.startswith(connector):
        return False  # of this bridge itself
    if counts_ttl and (rules.consumer_ttl == 0 or (rules.consumer_ttl == 1 and of_bridge)):
        return False
    return any(covers(each, topic) for each in rules.included)


def _counts_ttl(bridge: Bridge, way: Sequence[Bridge], topic: str) -> bool:
    """Return whether the TTL of consumers limits the subscriptions that a bridge receives when it opens."""
    rules = bridge.forwarding
    return rules.sync_counts_ttl and told_when_opening(rules, topic) and (len(way) > 1 or rules.consumer_ttl == 0)


def _kept_on(way: Sequence[Bridge], topic: str, absence: Absence) -> str | None:
    if not way:
        return None
    there = False  # whether a bridge's far end has a consumer: the subscriber's is away
    waits = way[-1].target
    for bridge in reversed(way):
        there = there or _subscribes(bridge, topic, absence)
        if not there:
            waits = bridge.source
    if absence is Absence.UNSEEN and waits != way[-1].target:
        return None  # no bridge has ever subscribed, and a topic keeps nothing without a subscription
    return waits


def _subscribes(bridge: Bridge, topic: str, absence: Absence) -> bool:
    """Return whether a bridge has an active subscription without a consumer at its far end."""
    rules = bridge.forwarding
    if any(covers(each, topic) for each in rules.static):
        return True
    if not rules.conduit_subscriptions:
        return False
    if absence is Absence.LEFT or told_when_opening(rules, topic):
        return True
    return absence is not Absence.UNSEEN and _looks_for(bridge, topic, absence)


def _looks_for(bridge: Bridge, topic: str, absence: Absence) -> bool:
    """Return whether a bridge that opens again looks in its broker's store for durable subscriptions to a topic."""
    rules = bridge.forwarding
    if rules.dynamic_only or not rules.conduit_subscriptions:
        return False
    if bridge.initiator != bridge.source:
        return True  # the responding end of a duplex connector asks its broker's store whenever it is made
    if rules.durable is not None:
        return topic in rules.durable
    return absence is Absence.RESTARTED  # a connector has the list that its broker's store had when it started
