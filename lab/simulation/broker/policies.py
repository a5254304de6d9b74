"""A configuration's policy entries for a destination, as far as they are modelled, with ActiveMQ's defaults."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cmp_to_key

from lab.activemq.destinations import DEAD_LETTERS
from lab.activemq.forwarding.filters import covers
from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.value_types import is_true
from lab.base.dataclass import dataclass
from lab.simulation.kernel import MILLISECOND

QUEUE_PREFETCH, TOPIC_PREFETCH, DURABLE_PREFETCH = 1000, 32767, 100  # `ActiveMQPrefetchPolicy`
_SIZE = re.compile(r"\s*([0-9]{1,18})\s*(?:([kmg])?b?)\s*", re.IGNORECASE | re.ASCII)
_SHIFTS = {"": 0, "k": 10, "m": 20, "g": 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policyEntry: `PolicyEntry`, with the defaults of `BaseDestination`."""

    pending_limit: int = -1  # messages that wait for a topic's slow consumer; -1: any number
    pending_rate: float | None = None  # the same, as a part of the consumer's prefetch
    page: int = 200  # maxPageSize
    browsed: int = 400  # maxBrowsePageSize
    expired_at_once: int = 400  # maxExpirePageSize: a look ends after so many that live on
    queue_prefetch: int = QUEUE_PREFETCH  # of a consumer that asks for the usual one, and so the next two
    topic_prefetch: int = TOPIC_PREFETCH
    durable_prefetch: int = DURABLE_PREFETCH
    by_priority: bool = True  # useConsumerPriority
    prioritized: bool = False  # prioritizedMessages
    strict: bool = False  # strictOrderDispatch: consumers do not take turns
    retroactive: bool = False  # alwaysRetroactive
    duplicates_die: bool = False  # sendDuplicateFromStoreToDLQ
    gc: bool = False
    idle: int = 60_000 * MILLISECOND  # ns until an inactive destination is removed; none is if it is not above 0
    replays: bool = False  # replayWhenNoConsumers
    replay_delay: int = 0  # ns
    exclusive: bool = False  # allConsumersExclusiveByDefault
    expire_every: int = 30_000 * MILLISECOND  # ns; 0: never
    audits_topics: bool = False  # a subscription that is not durable drops what it had before: an entry's enableAudit
    memory: int = 0  # memoryLimit, octets; 0: as much as the broker has
    dead_letters: DeadLetters

    def limit(self, prefetch: int) -> int:
        """Return the number of messages that may wait for a slow consumer of a topic: `PendingMessageLimitStrategy`."""
        return self.pending_limit if self.pending_rate is None else int(prefetch * self.pending_rate)

    def prefetch(self, asked: int, *, queue: bool, durable: bool) -> int:
        """Return the prefetch that a consumer has: `configurePrefetch`. A bridge's 1000 is usual on queues."""
        if queue:
            return self.queue_prefetch if asked == QUEUE_PREFETCH else asked
        if durable:
            return self.durable_prefetch if asked in (DURABLE_PREFETCH, 1000) else asked
        return self.topic_prefetch if asked == TOPIC_PREFETCH else asked


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeadLetters:
    """A deadLetterStrategy. Default: `SharedDeadLetterStrategy`, equal to itself alone."""

    discards: bool = False  # DiscardingDeadLetterStrategy
    individual: bool = False
    shared: str = DEAD_LETTERS
    queue_prefix: str = "ActiveMQ.DLQ.Queue."
    queue_suffix: str = ""
    topic_prefix: str = "ActiveMQ.DLQ.Topic."
    topic_suffix: str = ""
    queue_for_topics: bool = True
    non_persistent: bool = False  # processNonPersistent
    expired: bool = True  # processExpired
    expiration: int = 0  # ns; 0: they stay
    audited: bool = True

    def queue_for(self, destination: str) -> str:
        """Return the destination of dead letters; a shared strategy may use a topic."""
        if not self.individual:
            return self.shared
        kind, _, name = destination.partition("://")
        if kind == "queue":
            return f"queue://{self.queue_prefix}{name}{self.queue_suffix}"
        its = "queue" if self.queue_for_topics else "topic"
        return f"{its}://{self.topic_prefix}{name}{self.topic_suffix}"


USUAL = Policy(dead_letters=DeadLetters())
Chooser = Callable[[str], Policy]


def policies(broker: Element) -> Chooser:
    """Return the function that chooses a destination's policy among a configuration's."""
    entries = [(pattern, _policy(entry)) for entry in _entries(broker) for pattern in _patterns(entry)]
    default = broker.find("destinationPolicy", "policyMap", "defaultEntry", "policyEntry")
    usual = USUAL if default is None else _policy(default)

    def choose(destination: str) -> Policy:
        """Return the policy of the entry that is nearest: `DestinationMap.chooseValue`."""
        found = [each for each in entries if covers(each[0], destination)]
        exact = [policy for pattern, policy in found if pattern == destination]
        return exact[0] if exact else min(found, key=_rank)[1] if found else usual

    return choose


def _ordered(one: tuple[str, Policy], other: tuple[str, Policy]) -> int:
    """Return how two patterns compare: in `ActiveMQDestination.compare` one that covers the other comes after it."""
    first, second = one[0], other[0]
    if first == second:
        return 0
    if _wild(first) and covers(first, second):
        return 1
    if _wild(second) and covers(second, first):
        return -1
    return (first > second) - (first < second)


_rank = cmp_to_key(_ordered)


def _wild(pattern: str) -> bool:
    return any(level in ("*", ">") for level in pattern.partition("://")[2].split("."))


def _entries(broker: Element) -> Iterator[Element]:
    for policy in broker.children_named("destinationPolicy"):
        for each in policy.walk():
            if each.name == "policyEntries":
                yield from each.children_named("policyEntry")


def _patterns(entry: Element) -> Iterator[str]:
    for kind in ("queue", "topic"):
        if (name := entry.get(kind)) is not None:
            yield f"{kind}://{name}"
        elif (inside := entry.find("destination", kind)) is not None:
            yield f"{kind}://{inside.get('physicalName')}"


def _policy(entry: Element) -> Policy:
    limit = entry.find("pendingMessageLimitStrategy", "constantPendingMessageLimitStrategy")
    rate = entry.find("pendingMessageLimitStrategy", "prefetchRatePendingMessageLimitStrategy")
    filters = entry.find("networkBridgeFilterFactory", "conditionalNetworkBridgeFilterFactory")
    idle = entry.get("inactiveTimoutBeforeGC") or entry.get("inactiveTimeoutBeforeGC")
    return Policy(
        pending_limit=-1 if limit is None else _number(limit, "limit", -1),
        pending_rate=None if rate is None else float(rate.get("multiplier") or 0.5),
        page=_number(entry, "maxPageSize", USUAL.page),
        browsed=_number(entry, "maxBrowsePageSize", USUAL.browsed),
        expired_at_once=_number(entry, "maxExpirePageSize", USUAL.expired_at_once),
        queue_prefetch=_number(entry, "queuePrefetch", QUEUE_PREFETCH),
        topic_prefetch=_number(entry, "topicPrefetch", TOPIC_PREFETCH),
        durable_prefetch=_number(entry, "durableTopicPrefetch", DURABLE_PREFETCH),
        by_priority=_flag(entry, "useConsumerPriority", True),
        prioritized=is_true(entry.get("prioritizedMessages")),
        strict=is_true(entry.get("strictOrderDispatch")),
        retroactive=is_true(entry.get("alwaysRetroactive")),
        duplicates_die=is_true(entry.get("sendDuplicateFromStoreToDLQ")),
        gc=is_true(entry.get("gcInactiveDestinations")),
        idle=USUAL.idle if idle is None else int(idle) * MILLISECOND,
        replays=filters is not None and is_true(filters.get("replayWhenNoConsumers")),
        replay_delay=0 if filters is None else _number(filters, "replayDelay", 0) * MILLISECOND,
        exclusive=is_true(entry.get("allConsumersExclusiveByDefault")),
        expire_every=_number(entry, "expireMessagesPeriod", 30_000) * MILLISECOND,
        memory=octets(entry.get("memoryLimit") or "") or 0,
        audits_topics=True,  # anything else is refused
        dead_letters=_dead_letters(entry),
    )


def octets(text: str) -> int | None:
    """Return a size such as 64 mb, as ActiveMQ reads it: `MemoryPropertyEditor`; None for any other text."""
    found = _SIZE.fullmatch(text)
    return None if found is None else int(found[1]) << _SHIFTS[(found[2] or "").lower()]


def _dead_letters(entry: Element) -> DeadLetters:
    strategies = entry.find("deadLetterStrategy")
    if strategies is None or not strategies.children:
        return USUAL.dead_letters
    written = strategies.children[0]
    shared = written.find("deadLetterQueue", "queue") or written.find("deadLetterQueue", "topic")
    return DeadLetters(
        discards=written.name == "discarding",
        individual=written.name == "individualDeadLetterStrategy",
        shared=DEAD_LETTERS if shared is None else f"{shared.name}://{shared.get('physicalName')}",
        queue_prefix=_text(written, "queuePrefix", USUAL.dead_letters.queue_prefix),
        queue_suffix=_text(written, "queueSuffix", ""),
        topic_prefix=_text(written, "topicPrefix", USUAL.dead_letters.topic_prefix),
        topic_suffix=_text(written, "topicSuffix", ""),
        queue_for_topics=_flag(written, "useQueueForTopicMessages", True),
        non_persistent=is_true(written.get("processNonPersistent")),
        expired=_flag(written, "processExpired", True),
        expiration=_number(written, "expiration", 0) * MILLISECOND,
        audited=_flag(written, "enableAudit", True),
    )


def _number(element: Element, name: str, default: int) -> int:
    return default if (text := element.get(name)) is None else int(text)


def _text(element: Element, name: str, default: str) -> str:
    return default if (text := element.get(name)) is None else text


def _flag(element: Element, name: str, default: bool) -> bool:
    return default if (text := element.get(name)) is None else is_true(text)
