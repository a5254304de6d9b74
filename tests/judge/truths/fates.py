"""Decides, by dice, what became of every message for every subscription: who was handed it, when, how often."""

from __future__ import annotations

from math import inf
from random import Random

from tests.judge.truths.scene import Message, Receipt, Subscription, World

SOON = (0.004, 0.02, 0.15, 0.4)
LATE = (1.5, 3.0, 6.5)


def let_it_happen(world: World, dice: Random) -> None:
    """Hand out each message of a world."""
    for publication in world.publications:
        ill, doubling = dice.random() < 0.3, dice.random() < 0.2
        for message in publication.messages:
            if not message.accepted:
                continue
            if publication.queue:
                _share(world, dice, message, ill=ill, doubling=doubling)
                continue
            for its in world.subscriptions:
                if its.wants(publication):
                    _copy(world, dice, its, message, ill=ill, doubling=doubling)
    _swap_some(world, dice)
    for its in world.subscriptions:
        its.receipts.sort(key=lambda receipt: receipt.t)


def arrival(world: World, dice: Random, message: Message, broker: str, since: float, *, ill: bool) -> float:
    """Return when a message can be at a client of a broker; infinity if it is lost on the way."""
    took = dice.choice(LATE) if ill and dice.random() < 0.15 else dice.choice(SOON)
    t = max(message.sent, since) + took + dice.uniform(0, 0.003)
    its = message.publication
    cut = world.cut(its.broker, broker, message.sent) if its.broker != broker else None
    if cut is not None and not its.persistent and not its.queue:
        return inf
    if cut is not None:
        t = max(t, cut.end + took)
    if ill and dice.random() < 0.2:
        return inf
    return t


def _copy(world: World, dice: Random, its: Subscription, message: Message, *, ill: bool, doubling: bool) -> None:
    """Hand a topic's message to one subscription, if it is there, or once it is there again."""
    stay = its.there(message.sent)
    if stay is None:
        after = its.next_stay(message.sent)
        if after is None:
            return
        before = [each for each in its.stays if each.end <= message.sent]
        if after.begin - message.sent < 0.03 and not its.durable:
            if dice.random() < 0.5:  # the broker had it before it said so
                _hand(world, dice, its, message, after.begin + 0.01, after.end, doubling=False)
            return
        if not (its.durable and before and before[-1].how != "unsubscribed"):
            return
        stay, since = after, after.begin
    else:
        since = message.sent
    t = arrival(world, dice, message, its.broker, since, ill=ill)
    if t >= stay.end and its.durable and stay.how != "unsubscribed" and t < inf:
        after = its.next_stay(stay.end)
        if after is None:
            return
        stay, t = after, max(t, after.begin + dice.choice(SOON))
    if t < min(stay.end, message.over):
        _hand(world, dice, its, message, t, stay.end, doubling=doubling)


def _share(world: World, dice: Random, message: Message, *, ill: bool, doubling: bool) -> None:
    """Hand a queue's message to one of its subscribers; given back, to another one."""
    since = message.sent
    for _ in range(4):
        found = []
        for its in world.subscriptions:
            if its.wants(message.publication):
                found += [(its, stay) for stay in its.stays if stay.end > since]
        if not found:
            return
        first = min(max(stay.begin, since) for _, stay in found)
        its, stay = dice.choice([each for each in found if max(each[1].begin, since) <= first + 0.5])
        t = arrival(world, dice, message, its.broker, max(stay.begin, since), ill=ill)
        if t == inf or t >= message.over:
            return
        if t >= stay.end:
            since = stay.end
            continue
        receipt = _hand(world, dice, its, message, t, stay.end, doubling=doubling)
        if receipt.given_back == inf:
            return
        since = receipt.given_back + 0.01


def _hand(
    world: World, dice: Random, its: Subscription, message: Message, t: float, until: float, *, doubling: bool
) -> Receipt:
    receipt = _receipt(its, message, t)
    if its.acknowledges:
        receipt.pending = True
        settled = t + dice.choice((0.003, 0.01, 0.5))
        if settled < until and dice.random() < 0.9:
            receipt.settled = round(settled, 6)
        else:
            receipt.given_back = until
    if doubling and dice.random() < 0.3 and receipt.given_back == inf:
        again = t + dice.choice((0.01, 0.6, 4.0)) + dice.uniform(0, 0.003)
        if again < until:
            second = _receipt(its, message, again)
            if its.acknowledges:
                second.pending, second.settled = True, round(again + 0.002, 6)
                if again + 0.002 >= until:
                    its.receipts.remove(second)
    return receipt


def _receipt(its: Subscription, message: Message, t: float) -> Receipt:
    publication = message.publication
    named = not publication.given or ("mqtt" not in (publication.over, its.over))
    receipt = Receipt(message=message, t=round(t, 6), by="id" if named else "digest")
    its.receipts.append(receipt)
    return receipt


def _swap_some(world: World, dice: Random) -> None:
    """Let some messages overtake others."""
    if dice.random() > 0.15:
        return
    for its in world.subscriptions:
        for one, other in zip(its.receipts, its.receipts[1:], strict=False):
            apart = max(one.message.sent, other.message.sent) < min(one.t, other.t)
            if apart and not its.acknowledges and dice.random() < 0.5:
                one.t, other.t = other.t, one.t
