"""A network connector's settings for forwarding, with ActiveMQ's defaults and the differences between releases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from lab.activemq.destinations import ADVISORY
from lab.activemq.forwarding.filters import covers
from lab.activemq.releases import numbers
from lab.base.dataclass import dataclass

NO_LIMIT = -1
# Sets both TTLs, and wins over messageTTL and consumerTTL beside it, in whatever order they are written: the parser
# hands over attributes sorted by name, and this one comes last. Seen on 5.18.3, 5.17.6 and 5.16.7.
NETWORK_TTL = "networkTTL"
PRIORITY = "decreaseNetworkConsumerPriority"
NETWORK_PRIORITY = -5  # ConsumerInfo.NETWORK_CONSUMER_PRIORITY
_ADVISORIES = f"{ADVISORY}Consumer."
_KINDS = {"Queue": "queue", "Topic": "topic"}  # as an advisory's topic has them
LARGEST_TTL = 2**31 - 1  # of a TTL, which ActiveMQ reads as an int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRules:
    """The rules in which lines of releases differ."""

    decrease_network_consumer_priority: bool  # the default; AMQ-5137
    splits_composite_consumers: bool  # AMQ-9262: into one demand for each part, which are then conduit on their own
    sync_counts_ttl: bool = False  # AMQ-9689: a broker tells of durable subscriptions within the consumers' TTL alone


_RULES: Mapping[tuple[int, int, int], ReleaseRules] = {  # by the first release that does so
    (5, 15, 0): ReleaseRules(decrease_network_consumer_priority=False, splits_composite_consumers=False),
    (5, 17, 5): ReleaseRules(decrease_network_consumer_priority=False, splits_composite_consumers=True),
    (5, 18, 0): ReleaseRules(decrease_network_consumer_priority=True, splits_composite_consumers=False),
    (5, 18, 2): ReleaseRules(decrease_network_consumer_priority=True, splits_composite_consumers=True),
    (5, 19, 1): ReleaseRules(
        decrease_network_consumer_priority=True, splits_composite_consumers=True, sync_counts_ttl=True
    ),
}


def release_rules(release: str) -> ReleaseRules:
    """Return the rules of a release such as 5.18.3; an unknown older or newer release has those of the nearest one."""
    known = [first for first in _RULES if first <= numbers(release)]
    return _RULES[max(known, default=min(_RULES))]


def decreases_priority(engine_version: str) -> bool:
    """Return the default of decreaseNetworkConsumerPriority, which changed with 5.18 (AMQ-5137).

    It is that of a broker's engine version, whatever release it runs, and is written into its activemq.xml.
    """
    return numbers(engine_version)[:2] >= (5, 18)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """A connector's settings that decide which messages cross its bridges; a duplex bridge has them in both directions.

    Destinations are written like queue://a.>; `NetworkBridgeConfiguration` has the defaults.
    """

    message_ttl: int = 1  # bridges that a message may cross; NO_LIMIT for any number
    consumer_ttl: int = 1  # bridges that the demand of a consumer may cross
    duplex: bool = False  # then the other end dispatches advisories as if they were messages
    conduit_subscriptions: bool = True
    conduit_network_queue_subscriptions: bool = False
    decrease_network_consumer_priority: bool = True
    consumer_priority_base: int = NETWORK_PRIORITY
    suppress_duplicate_queue_subscriptions: bool = False
    suppress_duplicate_topic_subscriptions: bool = True
    static_bridge: bool = False  # learns of no consumer, and carries the statically included alone
    splits_composite_consumers: bool = True
    sync_counts_ttl: bool = False  # of durable subscriptions that a broker tells with syncDurableSubs
    excluded: tuple[str, ...] = ()
    included: tuple[str, ...] = ()  # dynamically: if there are any, nothing else is carried
    static: tuple[str, ...] = ()  # carried without a consumer
    destination_filter: tuple[str, ...] = ()  # demand for these alone is learnt of, if there are any: destinationFilter
    dynamic_only: bool = False  # takes up no durable subscription before its consumer is there
    sync_durable_subs: bool = False  # is told of durable subscriptions whose consumers are away
    client_id_token: str = "_"  # clientIdToken
    durable: tuple[str, ...] | None = None  # durableDestinations; None for those of the broker's store when it started

    def permits(self, destination: str) -> bool:
        """Return whether a bridge may carry a destination: `isPermissableDestination`, in its order."""
        return _permits(self.excluded, self.static, self.included, destination)

    def learns_of(self, destination: str) -> bool:
        """Return whether advisories on a destination's consumers reach a bridge: those that its filter asks for."""
        return not self.destination_filter or any(covers(each, destination) for each in self.destination_filter)

    def asks_about(self, destination: str) -> bool:
        """Return whether a bridge subscribes to advisories on a destination's consumers: `getDestinationFilter`.

        Without a destinationFilter these are the dynamically included destinations, if there are any. Composite and
        temporary destinations are left to `permits`.
        """
        plain = destination.startswith(("queue://", "topic://")) and "," not in destination
        if self.destination_filter or not self.included or not plain:
            return self.learns_of(destination)
        return any(covers(each, destination) for each in self.included)

    def suppresses(self, destination: str) -> bool:
        """Return whether a second subscription on behalf of a consumer is suppressed, for a queue or a topic."""
        if destination.startswith("queue://"):
            return self.suppress_duplicate_queue_subscriptions
        return self.suppress_duplicate_topic_subscriptions


@lru_cache(maxsize=16_384)  # asked again and again while demand spreads in a large network, as is the next
def excludes(excluded: Sequence[str], destination: str) -> bool:
    """Return whether any of a connector's excluded destinations covers one."""
    return any(covers(each, destination) for each in excluded)


@lru_cache(maxsize=16_384)
def _permits(excluded: Sequence[str], static: Sequence[str], included: Sequence[str], destination: str) -> bool:
    if excludes(excluded, destination):
        return False
    if any(covers(each, destination) for each in static):
        return True
    return not included or any(covers(each, destination) for each in included)


def forwarding(
    attributes: Mapping[str, str],
    *,
    release: str,
    excluded: Sequence[str] = (),
    included: Sequence[str] = (),
    static: Sequence[str] = (),
    durable: Sequence[str] | None = None,
) -> Forwarding:
    """Return a release's reading of a connector's attributes, as text, and of its lists of destinations.

    Raise ValueError if a number is none; unknown attributes are no matter of forwarding and are left alone.
    """
    rules = release_rules(release)
    defaults = Forwarding(
        decrease_network_consumer_priority=rules.decrease_network_consumer_priority,
        splits_composite_consumers=rules.splits_composite_consumers,
        sync_counts_ttl=rules.sync_counts_ttl,
    )

    def flag(name: str, default: bool) -> bool:
        return default if (text := attributes.get(name)) is None else text.strip().lower() in ("true", "yes", "on", "1")

    def number(names: Sequence[str], default: int) -> int:
        written = next((attributes[name] for name in names if name in attributes), None)
        return default if written is None else min(int(written), LARGEST_TTL)

    return Forwarding(
        message_ttl=number((NETWORK_TTL, "messageTTL"), defaults.message_ttl),
        consumer_ttl=number((NETWORK_TTL, "consumerTTL"), defaults.consumer_ttl),
        duplex=flag("duplex", False),
        conduit_subscriptions=flag("conduitSubscriptions", defaults.conduit_subscriptions),
        conduit_network_queue_subscriptions=flag(
            "conduitNetworkQueueSubscriptions", defaults.conduit_network_queue_subscriptions
        ),
        decrease_network_consumer_priority=flag(PRIORITY, defaults.decrease_network_consumer_priority),
        consumer_priority_base=number(("consumerPriorityBase",), defaults.consumer_priority_base),
        suppress_duplicate_queue_subscriptions=flag(
            "suppressDuplicateQueueSubscriptions", defaults.suppress_duplicate_queue_subscriptions
        ),
        suppress_duplicate_topic_subscriptions=flag(
            "suppressDuplicateTopicSubscriptions", defaults.suppress_duplicate_topic_subscriptions
        ),
        static_bridge=flag("staticBridge", defaults.static_bridge),
        splits_composite_consumers=defaults.splits_composite_consumers,
        sync_counts_ttl=defaults.sync_counts_ttl,
        excluded=tuple(excluded),
        included=tuple(included),
        static=tuple(static),
        destination_filter=_filter(attributes.get("destinationFilter", "")),
        dynamic_only=flag("dynamicOnly", defaults.dynamic_only),
        sync_durable_subs=flag("syncDurableSubs", defaults.sync_durable_subs),
        client_id_token=attributes.get("clientIdToken", defaults.client_id_token),
        durable=None if durable is None else tuple(durable),
    )


def _filter(written: str) -> tuple[str, ...]:
    """Return the destinations whose advisories a `destinationFilter` such as Queue.orders.> asks for.

    ActiveMQ puts the advisories' prefix before the whole text, so that further names in it have to bring their own.
    What is neither a queue nor a topic to it, such as orders.>, is asked for in vain, and kept as none://orders.>.
    """
    if not written.strip():
        return ()
    first, *others = (each.strip() for each in written.split(","))
    asked = [first.removeprefix(_ADVISORIES)]
    asked += (each.removeprefix(_ADVISORIES) for each in others if each.startswith(_ADVISORIES))
    found: list[str] = []
    for each in asked:
        kind, _, name = each.partition(".")
        if each == ">":
            return ()
        found += (f"{its}://{name}" for word, its in _KINDS.items() if kind in (word, "*"))
        if kind not in (*_KINDS, "*"):
            found.append(f"none://{each}")
    return tuple(found)
