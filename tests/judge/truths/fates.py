"""Decides, by dice, what became of every message for every subscription: who was handed it, when, how often."""

from __future__ import annotations

from math import inf
from random import Random

from tests.judge.truths.scene import Arrival, Message, Subscription, World, hears

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
    for topic, broker in sorted({(its.destination, its.broker) for its in world.publications if its.retained}):
        _retain(world, dice, topic, broker, ill=dice.random() < 0.3)
    _swap_some(world, dice)
    _give_again(world, dice)
    if dice.random() < 0.04:
        _strangers(world, dice)
    for its in world.subscriptions:
        its.arrivals.sort(key=lambda arrival: arrival.t)


def arrival_time(world: World, dice: Random, message: Message, broker: str, since: float, *, ill: bool) -> float:
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
    t = arrival_time(world, dice, message, its.broker, since, ill=ill)
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
        t = arrival_time(world, dice, message, its.broker, max(stay.begin, since), ill=ill)
        if t == inf or t >= message.over:
            return
        if t >= stay.end:
            since = stay.end
            continue
        arrival = _hand(world, dice, its, message, t, stay.end, doubling=doubling)
        if arrival.given_back == inf and not (arrival.doubtful and dice.random() < 0.6):
            return
        since = stay.end + 0.01


def _retain(world: World, dice: Random, topic: str, broker: str, *, ill: bool) -> None:
    """Hand each MQTT subscription, as it is made, the last message that its broker retains."""
    sent = sorted(
        (each.sent, each.publication.step, each)
        for its in world.publications
        if its.retained and its.destination == topic
        for each in its.messages
        if each.accepted
    )
    for its in world.subscriptions:
        if not its.mqtt or its.broker != broker or not hears(its.destination, topic):
            continue
        for stay in its.stays:
            before = [each for t, _, each in sent if t < stay.begin]
            if before and before[-1].body != b"" and not (ill and dice.random() < 0.2):
                t = stay.begin + dice.choice(SOON)
                if t < stay.end:
                    _arrival(world, its, before[-1], t, retained=True)


def _hand(
    world: World, dice: Random, its: Subscription, message: Message, t: float, until: float, *, doubling: bool
) -> Arrival:
    arrival = _arrival(world, its, message, t)
    if its.acknowledges:
        arrival.pending = True
        settled = t + dice.choice((0.003, 0.01, 0.5))
        if settled < until and dice.random() < 0.9:
            arrival.settled = round(settled, 6)
        elif (stay := its.there(t)) is not None and stay.how == "lost" and dice.random() < 0.5:
            arrival.settled, arrival.doubtful = until + 0.0005, True
        else:
            arrival.given_back = until
    if doubling and dice.random() < 0.3 and arrival.given_back == inf and not arrival.doubtful:
        again = t + dice.choice((0.01, 0.6, 4.0)) + dice.uniform(0, 0.003)
        if again + 0.003 < until:
            second = _arrival(world, its, message, again)
            second.redelivered = dice.random() < 0.3
            if its.acknowledges:
                second.pending, second.settled = True, round(again + 0.002, 6)
    return arrival


def _arrival(world: World, its: Subscription, message: Message, t: float, *, retained: bool = False) -> Arrival:
    """Note an arrival: an MQTT client knows only the first of its subscriptions that a message can be for."""
    arrival = Arrival(message=message, t=round(t, 6), by=its.knows(message.publication), retained=retained)
    if its.mqtt:
        topic = message.publication.destination
        found = [
            (stay.begin, one)
            for one in world.subscriptions
            if one.client == its.client and hears(one.destination, topic) and (stay := one.there(t)) is not None
        ]
        its = min(found, key=lambda each: each[0])[1] if found else its
    its.arrivals.append(arrival)
    return arrival


def _swap_some(world: World, dice: Random) -> None:
    """Let some messages overtake others."""
    if dice.random() > 0.15:
        return
    for its in world.subscriptions:
        for one, other in zip(its.arrivals, its.arrivals[1:], strict=False):
            apart = max(one.message.sent, other.message.sent) < min(one.t, other.t)
            plain = not its.acknowledges and not one.retained and not other.retained
            if apart and plain and dice.random() < 0.5:
                one.t, other.t = other.t, one.t


def _give_again(world: World, dice: Random) -> None:
    """Let a broker send again what a client of MQTT had, where the connection ended before it could know that."""
    for its in world.subscriptions:
        if not its.durable or not (its.mqtt or its.over == "amqp") or dice.random() < 0.5:
            continue
        for one in list(its.arrivals):
            stay = its.there(one.t)
            after = None if stay is None else its.next_stay(stay.end)
            lately = stay is not None and stay.end - one.t < 4 and stay.how in ("lost", "disconnected")
            if lately and after is not None and not one.retained and dice.random() < 0.6:
                t = after.begin + dice.choice(SOON)
                if t < after.end:
                    _arrival(world, its, one.message, t).redelivered = True


def _strangers(world: World, dice: Random) -> None:
    """Let something come to a client that no step of the run sent, as far as its body tells."""
    its = dice.choice(world.subscriptions)
    stay = dice.choice(its.stays)
    t = stay.begin + dice.uniform(0.1, 10)
    if t < min(stay.end, 30):
        its.strange.append(round(t, 6))
