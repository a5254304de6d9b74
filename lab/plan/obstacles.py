"""Obstacles to messages, or to the demand for them, between two brokers, and the attributes to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from lab.activemq.forwarding.demand import Refusal, Stop
from lab.activemq.forwarding.filters import covers
from lab.activemq.forwarding.network import Composite
from lab.activemq.forwarding.settings import NETWORK_TTL, NO_LIMIT, Forwarding
from lab.base.dataclass import dataclass
from lab.base.units import several
from lab.plan.bridge_obstacles import Missing
from lab.plan.forwarding import DeclaredBridge

NO_BRIDGE = "no bridge leads there, over whatever brokers"

Change = Callable[[Forwarding], Forwarding]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Need:
    """An obstacle to messages, with its remedy and its place."""

    stop: str  # in words
    remedy: str = ""  # in words; "" if no change of a configuration is one
    at: DeclaredBridge | None = None  # the connector to change
    change: Change | None = None  # what the remedy does to the connector's settings
    right: Missing | None = None  # what is to be granted
    composite: Composite | None = None  # what is to keep its messages
    broker: str = ""  # whose configuration is to be changed, apart from its connectors

    @property
    def where(self) -> str:
        """The connector, or the broker, to change."""
        return self.broker or ("" if self.at is None else self.at.bridge.label)


def shortest_way(
    bridges: Sequence[DeclaredBridge], source: str, target: str, destination: str
) -> tuple[DeclaredBridge, ...] | None:
    """Return the shortest way from broker to broker; of parallel bridges, one that permits the destination.

    Of those, the one that has the larger TTL. None if there is no way.
    """

    def fit(declared: DeclaredBridge) -> tuple[bool, float]:
        rules = declared.bridge.forwarding
        return rules.permits(destination) and rules.learns_of(destination) and not rules.static_bridge, min(
            _limit(rules.message_ttl), _limit(rules.consumer_ttl)
        )

    best = sorted(bridges, key=fit, reverse=True)
    found: dict[str, tuple[DeclaredBridge, ...]] = {source: ()}
    waiting = [source]
    while waiting and target not in found:
        here = waiting.pop(0)
        for each in best:
            if each.bridge.source == here and each.bridge.target not in found:
                found[each.bridge.target] = (*found[here], each)
                waiting.append(each.bridge.target)
    return found.get(target)


def _limit(ttl: int) -> float:
    return float("inf") if ttl <= NO_LIMIT else ttl


def needs(declared: DeclaredBridge, destinations: Sequence[str], forth: int, back: int) -> Iterator[Need]:
    """Yield the obstacles to messages, or to their demand, at a bridge of a way; it has to permit some destinations.

    The bridge is the message's number `forth` of that way, and the demand's number `back`.
    """
    label = declared.bridge.label
    if declared.obstacle:
        yield Need(stop=f"the bridge of {label} does not come up: {declared.obstacle}", at=declared)
    if declared.spare:
        yield Need(stop=f"{label} opens its bridge to another of the brokers in its uri", at=declared)
    for destination in destinations:
        yield from of_lists(declared, destination)
    for missing in declared.forbidden:
        yield Need(
            stop=f"the bridge of {label} closes when it uses the destination: {missing.words}",
            remedy=missing.remedy,
            at=declared,
            right=missing,
            broker=missing.broker,
        )
    yield from _too_short(declared, forth, back)


def of_lists(declared: DeclaredBridge, destination: str) -> Iterator[Need]:
    """Yield the settings of a connector, apart from its TTLs, that keep a destination from crossing it."""
    rules, label = declared.bridge.forwarding, declared.bridge.label
    if rules.static_bridge and not any(covers(pattern, destination) for pattern in rules.static):
        yield Need(
            stop=f"{label} learns of no consumer: "
            + (f"advisorySupport is false at {declared.silent}" if declared.silent else "it is a staticBridge"),
            remedy='write advisorySupport="true"'
            if declared.silent
            else "remove staticBridge, or list it in staticallyIncludedDestinations",
            at=declared,
            change=lambda old: replace(old, static_bridge=False),
            broker=declared.silent,
        )
    if not rules.learns_of(destination):
        yield Need(
            stop=f"{label} has a destinationFilter that leaves the destination out",
            remedy="remove destinationFilter",
            at=declared,
            change=lambda old: replace(old, destination_filter=()),
        )
    kind, _, its = destination.partition("://")
    if any(covers(pattern, destination) for pattern in rules.excluded):
        yield Need(
            stop=f"{label} excludes the destination",
            remedy=f"remove the pattern that covers {its} from excludedDestinations",
            at=declared,
            change=lambda old: replace(
                old, excluded=tuple(pattern for pattern in old.excluded if not covers(pattern, destination))
            ),
        )
    if not replace(rules, excluded=()).permits(destination):
        yield Need(
            stop=f"{label} includes only other destinations",
            remedy=f'add <{kind} physicalName="{its}"/> to dynamicallyIncludedDestinations',
            at=declared,
            change=lambda old: replace(old, included=(*old.included, destination)),
        )


def of_composite(composite: Composite) -> Need:
    """Return that a broker forwards all messages of a destination, and keeps none."""
    others = ", ".join(to.partition("://")[2] for to in composite.to) or "nowhere"
    return Need(
        stop=f"{composite.words} at {composite.broker} sends its messages to {others} instead",
        remedy='write forwardOnly="false"',
        composite=composite,
        broker=composite.broker,
    )


def of_conduit(declared: DeclaredBridge) -> Need:
    """Return that a bridge adds a consumer to an earlier subscription, whose messages may take another way."""
    return Need(
        stop=f"{declared.bridge.label} shares one subscription among consumers (conduitSubscriptions)",
        remedy='write conduitSubscriptions="false"',
        at=declared,
        change=lambda old: replace(old, conduit_subscriptions=False),
    )


def of_refusal(declared: DeclaredBridge, refusal: Refusal) -> Iterator[Need]:
    """Yield why a bridge refused a demand or a message; nothing if no setting of its connector is at fault."""
    label, kind = declared.bridge.label, refusal.destination.partition("://")[0]
    crossed = len(refusal.path) + 1
    match refusal.stop:
        case Stop.CONSUMER_TTL:
            yield from _too_short(declared, 0, crossed)
        case Stop.MESSAGE_TTL:
            yield from _too_short(declared, crossed, 0)
        case Stop.DUPLICATE:
            name = f"suppressDuplicate{kind.capitalize()}Subscriptions"
            yield Need(
                stop=f"{label} makes no second subscription for the same consumer ({name})",
                remedy=f'write {name}="false"',
                at=declared,
                change=_suppressing_no_queues if kind == "queue" else _suppressing_no_topics,
            )
        case Stop.VISITED:
            return
        case _:
            yield from of_lists(declared, refusal.destination)


def _suppressing_no_queues(old: Forwarding) -> Forwarding:
    return replace(old, suppress_duplicate_queue_subscriptions=False)


def _suppressing_no_topics(old: Forwarding) -> Forwarding:
    return replace(old, suppress_duplicate_topic_subscriptions=False)


def _too_short(declared: DeclaredBridge, forth: int, back: int) -> Iterator[Need]:
    """Yield the TTLs of a connector that are too small, by the attribute that counts."""
    rules, label, element = declared.bridge.forwarding, declared.bridge.label, declared.connector.xml
    short_message, short_consumer = _limit(rules.message_ttl) < forth, _limit(rules.consumer_ttl) < back
    need = max(forth, back)
    unwritten = element.get("messageTTL") is None and element.get("consumerTTL") is None
    if (short_message or short_consumer) and (element.get(NETWORK_TTL) is not None or unwritten):
        written = element.get(NETWORK_TTL)
        yield Need(
            stop=f'{label} has networkTTL="{written}"'
            if written
            else f"{label} has no networkTTL, so its networkTTL is 1",
            remedy=f'write networkTTL="{need}"',
            at=declared,
            change=lambda old: replace(
                old, message_ttl=_longer(old.message_ttl, need), consumer_ttl=_longer(old.consumer_ttl, need)
            ),
        )
        return
    if short_message:
        yield Need(
            stop=_written(declared, "messageTTL", "a message", rules.message_ttl),
            remedy=f'write messageTTL="{forth}"',
            at=declared,
            change=lambda old: replace(old, message_ttl=_longer(old.message_ttl, forth)),
        )
    if short_consumer:
        yield Need(
            stop=_written(declared, "consumerTTL", "the demand of a consumer", rules.consumer_ttl),
            remedy=f'write consumerTTL="{back}"',
            at=declared,
            change=lambda old: replace(old, consumer_ttl=_longer(old.consumer_ttl, back)),
        )


def _longer(ttl: int, need: int) -> int:
    return ttl if _limit(ttl) >= need else need


def _written(declared: DeclaredBridge, name: str, subject: str, ttl: int) -> str:
    written = declared.connector.xml.get(name)
    of = f'{name}="{written}"' if written else f"no {name}"
    return f"{declared.bridge.label} has {of}: {subject} may cross {several(ttl, 'bridge')}"
