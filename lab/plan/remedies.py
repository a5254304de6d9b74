"""Why no message gets from one broker to another, and a remedy, which was tried before it is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lab.activemq.forwarding.network import Bridge, Network
from lab.base.dataclass import dataclass
from lab.plan.arrival import Arrival, Listener, Tried, demands, sent
from lab.plan.forwarding import DeclaredBridge
from lab.plan.obstacles import NO_BRIDGE, Need, needs, of_composite, of_conduit, of_refusal, shortest_way

_ROUNDS = 4  # of changes, each of which may let demand or a message come to what stops it next
_MOST_TRIED = 40  # changes that are left out one by one, to see which are needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A message from one broker to a consumer on another, and the network that is asked."""

    network: Network  # of the bridges that are up
    bridges: Sequence[DeclaredBridge]  # those with an obstacle too
    source: str
    target: str
    destination: str  # that the message is sent to
    heard: str  # that the consumer listens to: the same, or a wildcard, or a queue of a virtual topic
    others: Sequence[Listener] = ()  # other consumers

    @property
    def carried(self) -> tuple[str, ...]:
        """The destinations that a bridge has to permit: that of its subscription, and the message's there."""
        same_kind = self.heard.partition("://")[0] == self.destination.partition("://")[0]
        return tuple(dict.fromkeys((self.heard, *((self.destination,) if same_kind else ()))))

    def after(self, changes: Sequence[Need]) -> Tried | None:
        """Return the outcome of the message once changes were made; None if that takes too many steps."""
        network = replace(
            self.network,
            bridges=tuple(each.bridge for each in self._bridges(changes)),
            composites=tuple(
                each for each in self.network.composites if all(each != need.composite for need in changes)
            ),
        )
        try:
            spreads = demands(network, self.target, self.heard, self.others)
            return sent(network, spreads, self.source, self.destination)
        except ValueError:
            return None

    def _bridges(self, changes: Sequence[Need]) -> Iterator[DeclaredBridge]:
        """Yield the bridges that are up then, both directions of each connector changed."""
        allowed = {need.right for need in changes}
        for each in self.bridges:
            rules = each.bridge.forwarding
            for need in changes:
                if need.change is not None and need.at is not None and _connector(need.at) == _connector(each):
                    rules = need.change(rules)
            if replace(each, forbidden=tuple(right for right in each.forbidden if right not in allowed)).up:
                yield replace(each, bridge=replace(each.bridge, forwarding=rules))

    def mended_by(self, changes: Sequence[Need]) -> bool:
        """Return whether the changes end the certainty that the message never arrives."""
        found = self.after(changes)
        return found is not None and found.arrival is not Arrival.NEVER


def why_never(question: Question) -> tuple[tuple[str, ...], tuple[Need, ...]]:
    """Return the obstacles, in words, and the changes that together let messages through; () if none were found."""
    able = [each for each in question.bridges if each.up]
    between = (question.source, question.target, question.heard)
    path = shortest_way(able, *between) or shortest_way(question.bridges, *between)
    if path is None:
        return (NO_BRIDGE,), ()
    brokers = (question.source, *(each.bridge.target for each in path))
    found = [
        of_composite(composite)
        for broker in brokers
        for composite in question.network.forwards(broker, question.destination)
        if not composite.keeps
    ]
    for number, each in enumerate(path, 1):
        found += needs(each, question.carried, number, len(path) - number + 1)
    if found and not all(need.remedy for need in found):
        return _told(found), ()
    if found and question.mended_by(found):
        return _told(found), tuple(found)
    together = _least(question, found)
    if together:
        return _told(together), together
    tried = question.after(())
    refused = list(_of(question, tried)) if tried is not None else []
    return _told([*found, *refused]) or ("each of several bridges leads to a broker where the message has been",), ()


def _least(question: Question, needs: Sequence[Need]) -> tuple[Need, ...]:
    """Return the changes that together let the message through, none of them needless; () if none do."""
    changes = _unique(needs)
    for _ in range(_ROUNDS):
        tried = question.after(changes)
        if tried is None:
            return ()
        if tried.arrival is not Arrival.NEVER:
            break
        more = _unique([*changes, *(need for need in _of(question, tried) if need.remedy)])
        if len(more) == len(changes):  # no refusal is left, but a subscription that was there first may have taken it
            more = _unique([*changes, *map(of_conduit, _conduits(question))])
        if len(more) == len(changes):
            return ()
        changes = more
    else:
        if not question.mended_by(changes):
            return ()
    for need in changes if len(changes) <= _MOST_TRIED else ():
        without = [each for each in changes if each is not need]
        if question.mended_by(without):
            changes = without
    return tuple(changes)


def _of(question: Question, tried: Tried) -> Iterator[Need]:
    """Yield the obstacle behind each refusal of a message."""
    by_bridge = {_direction(each.bridge): each for each in question.bridges}
    for refusal in tried.refusals:
        yield from of_refusal(by_bridge[_direction(refusal.bridge)], refusal)


def _conduits(question: Question) -> Iterator[DeclaredBridge]:
    return (each for each in question.bridges if each.up and each.bridge.forwarding.conduit_subscriptions)


def _unique(needs: Sequence[Need]) -> list[Need]:
    """Return the needs, each remedy of a connector or composite destination once."""
    unique: dict[tuple[object, ...], Need] = {}
    for need in needs:
        at = (need.composite,) if need.at is None else _connector(need.at)
        unique.setdefault((*at, need.remedy), need)
    return list(unique.values())


def _told(needs: Sequence[Need]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(need.stop for need in needs))


def _connector(declared: DeclaredBridge) -> tuple[str, str]:
    return declared.bridge.initiator, declared.bridge.connector


def _direction(bridge: Bridge) -> tuple[str, str, str, str]:
    return bridge.initiator, bridge.connector, bridge.source, bridge.target
