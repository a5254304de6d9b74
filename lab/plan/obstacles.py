"""What stops messages, or the demand for them, between two brokers, and which attribute would change that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from lab.activemq.forwarding.filters import covers
from lab.activemq.forwarding.settings import NETWORK_TTL, NO_LIMIT, Forwarding
from lab.plan.forwarding import DeclaredBridge
from lab.units import several

Change = Callable[[Forwarding], Forwarding]


def shortest_way(
    bridges: Sequence[DeclaredBridge], source: str, target: str, destination: str
) -> tuple[DeclaredBridge, ...] | None:
    """Return the shortest way from broker to broker; of parallel bridges, one that permits the destination.

    Of those, the one that has the larger TTL. None if there is no way.
    """

    def fit(each: DeclaredBridge) -> tuple[bool, float]:
        rules = each.bridge.forwarding
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


def needs(each: DeclaredBridge, destination: str, there: int, back: int) -> Iterator[tuple[str, str, Change]]:
    """Yield what stops messages, or the demand for them, at a bridge of a way: the rule, the remedy, what that does.

    The bridge is the message's number `there` of that way, and the demand's number `back`.
    """
    rules, name = each.bridge.forwarding, each.bridge.connector
    if each.obstacle:
        yield f"the bridge of {name} does not come up: {each.obstacle}", "", lambda old: old
    if rules.static_bridge and not any(covers(pattern, destination) for pattern in rules.static):
        yield (
            f"{name} learns of no consumer: it is a staticBridge",
            "remove staticBridge, or list it in staticallyIncludedDestinations",
            lambda old: replace(old, static_bridge=False),
        )
    if not rules.learns_of(destination):
        yield (
            f"{name} asks for no advisory on it: destinationFilter",
            "remove destinationFilter",
            lambda old: replace(old, destination_filter=()),
        )
    kind, _, its = destination.partition("://")
    if any(covers(pattern, destination) for pattern in rules.excluded):
        yield (
            f"{name} excludes it",
            f"remove what covers {its} from its excludedDestinations",
            lambda old: replace(
                old, excluded=tuple(pattern for pattern in old.excluded if not covers(pattern, destination))
            ),
        )
    if not replace(rules, excluded=()).permits(destination):
        yield (
            f"{name} includes other destinations alone",
            f'add <{kind} physicalName="{its}"/> to its dynamicallyIncludedDestinations',
            lambda old: replace(old, included=(*old.included, destination)),
        )
    yield from _too_short(each, there, back)


def _too_short(each: DeclaredBridge, there: int, back: int) -> Iterator[tuple[str, str, Change]]:
    """Yield the TTLs of a connector that are too small, by the attribute that counts."""
    rules, name, element = each.bridge.forwarding, each.bridge.connector, each.connector.element
    short_message, short_consumer = _limit(rules.message_ttl) < there, _limit(rules.consumer_ttl) < back
    need = max(there, back)
    unwritten = element.get("messageTTL") is None and element.get("consumerTTL") is None
    if (short_message or short_consumer) and (element.get(NETWORK_TTL) is not None or unwritten):
        written = element.get(NETWORK_TTL)
        yield (
            f'{name} has networkTTL="{written}"' if written else f"{name} has no networkTTL, which counts as 1",
            f'write networkTTL="{need}"',
            lambda old: replace(old, message_ttl=max(need, old.message_ttl), consumer_ttl=max(need, old.consumer_ttl)),
        )
        return
    if short_message:
        yield (
            _written(each, "messageTTL", "a message", rules.message_ttl),
            f'write messageTTL="{there}"',
            lambda old: replace(old, message_ttl=there),
        )
    if short_consumer:
        yield (
            _written(each, "consumerTTL", "the demand of a consumer", rules.consumer_ttl),
            f'write consumerTTL="{back}"',
            lambda old: replace(old, consumer_ttl=back),
        )


def _written(each: DeclaredBridge, name: str, what: str, ttl: int) -> str:
    written = each.connector.element.get(name)
    of = f'{name}="{written}"' if written else f"no {name}"
    return f"{each.bridge.connector} has {of}: {what} may cross {several(ttl, 'bridge')}"
