"""The rules by which one bridge passes on one demand, or one message; for a whole network and for a single bridge."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from lab.activemq.forwarding.filters import covers, parts
from lab.activemq.forwarding.settings import Forwarding, excludes


class Stop(StrEnum):
    """The rule by which a bridge does not pass on demand, or a message."""

    CONSUMER_TTL = "consumerTTL"
    MESSAGE_TTL = "messageTTL"
    EXCLUDED = "excluded"
    NOT_INCLUDED = "not included"
    STATIC_BRIDGE = "staticBridge"
    FILTERED = "destinationFilter"
    VISITED = "visited"  # the broker it would go to has had it
    DUPLICATE = "duplicate"  # another bridge has a subscription for the same consumer


def forbidden(rules: Forwarding, destination: str) -> Stop | None:
    """Return why a bridge may not carry a destination: `isPermissableDestination`."""
    if rules.permits(destination):
        return None
    return Stop.EXCLUDED if excludes(rules.excluded, destination) else Stop.NOT_INCLUDED


def demand_stop(rules: Forwarding, source: str, destination: str, path: Sequence[str]) -> Stop | None:
    """Return why a bridge does not subscribe for a consumer at its target: `serviceRemoteConsumerAdvisory`.

    `path` has the brokers that the demand came over, none for a client's own consumer. The advisory on that crosses a
    one-way connector whatever its TTLs; over a duplex one it is dispatched by the other end of the bridge, whose
    `NetworkBridgeFilter` counts it as a message, and lets none pass where a TTL is 0.
    """
    if rules.static_bridge:
        return Stop.STATIC_BRIDGE
    if not rules.learns_of(destination):
        return Stop.FILTERED
    if rules.duplex and rules.message_ttl == 0:
        return Stop.MESSAGE_TTL
    if -1 < rules.consumer_ttl <= len(path) and (path or rules.duplex):
        return Stop.CONSUMER_TTL
    if source in path:
        return Stop.VISITED
    return forbidden(rules, destination)


def demanded(rules: Forwarding, destination: str) -> tuple[str, ...]:
    """Return the destinations of the subscriptions for one consumer: `splitCompositeConsumer`."""
    return parts(destination) if rules.splits_composite_consumers else (destination,)


def demand_priority(rules: Forwarding, own: int, path: Sequence[str]) -> int:
    """Return the priority of a bridge's subscription: `doCreateDemandSubscription`.

    `own` is the consumer's, and `path` has the broker that the bridge leads to already.
    """
    if not rules.decrease_network_consumer_priority:
        return own
    return rules.consumer_priority_base - (len(path) + 1 if len(path) > 1 else 0)


def may_join(rules: Forwarding, destination: str, *, network: bool) -> bool:
    """Return whether a consumer may share a subscription: `addToAlreadyInterestedConsumers`.

    `network` is whether it is a bridge's own consumer, not a client's.
    """
    return rules.conduit_subscriptions and not (
        network and destination.startswith("queue://") and not rules.conduit_network_queue_subscriptions
    )


def may_be_joined(rules: Forwarding, subscribed: str, destination: str, *, static: bool, hops: int) -> bool:
    """Return whether a bridge's subscription may be shared with a consumer of a destination: `canConduit`.

    `hops` is how many bridges the demand of the subscription crosses: 1 where it is a client's.
    """
    if not covers(subscribed, destination):
        return False
    queue = destination.startswith("queue://")
    return static or not queue or rules.conduit_network_queue_subscriptions or hops == 1
