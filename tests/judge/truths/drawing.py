"""Draws a world from a seed: brokers, cuts, clients with their comings and goings, and what is sent when."""

from __future__ import annotations

from math import inf
from random import Random

from tests.judge.truths.fates import let_it_happen
from tests.judge.truths.scene import Cut, Message, Publication, Silence, Stay, Subscription, World, hears

BROKERS = ("tokyo", "singapore", "dublin")
TOPICS = ("topic://p.eur", "topic://p.usd", "topic://s")
PATTERNS = (*TOPICS, "topic://p.eur", "topic://p.>", "topic://p.*", "topic://>")
QUEUES = ("queue://q", "queue://r")
PROTOCOLS = ("mqtt", "mqtt", "mqtt", "stomp", "stomp", "stomp-wss", "amqp")
LAST = 30.0  # nothing is sent later
ODD = b"\xff\xfe"  # octets that are no UTF-8


def draw(seed: int) -> World:
    """Return the world of a seed: all that happened, to the last arrival."""
    dice = Random(seed)
    brokers = BROKERS[: dice.choice((1, 1, 2, 2, 3))]
    world = World(seed=seed, brokers=brokers, subscriptions=[], publications=[], cuts=[], end=0.0)
    if len(brokers) > 1:
        for _ in range(dice.choice((0, 0, 1, 2))):
            begin = dice.uniform(2, LAST)
            pair = frozenset(dice.sample(brokers, 2))
            world.cuts.append(Cut(between=pair, begin=begin, end=begin + dice.choice((0.5, 3.0, 12.0))))
    for name in "abcd"[: dice.choice((1, 2, 2, 3, 4))]:
        _client(world, dice, name)
    for step in range(dice.choice((1, 1, 2, 2, 3))):
        _publication(world, dice, 21 + step)
    let_it_happen(world, dice)
    last = max((each.t for one in world.subscriptions for each in one.arrivals), default=0.0)
    world.end = LAST + 5 + dice.choice((0.3, 1.0, 3.0, 15.0, 15.0, 15.0))
    world.end = round(max(last + dice.choice((0.1, 0.9, 2.5, 15.0)), world.end), 6)
    if dice.random() < 0.25:
        world.end = round(max(last + dice.choice((0.1, 0.9, 2.5)), _last_sent(world) + dice.uniform(0.1, 8)), 6)
    if dice.random() < 0.1:
        begin = dice.uniform(0.2, LAST)
        end = begin + dice.choice((1.0, 5.0, 60.0))
        world.silences.append(Silence(broker=dice.choice(brokers), begin=begin, end=end))
    if dice.random() < 0.12:
        _cut_short(world, dice)
    return world


def _cut_short(world: World, dice: Random) -> None:
    """Let the history end with one of its lines: what came later is not in it."""
    moments = [each.t for its in world.subscriptions for each in its.arrivals]
    moments += [each.sent for each in world.messages]
    world.end, world.complete = dice.choice(moments), False


def _last_sent(world: World) -> float:
    return max(each.end for each in world.publications)


def _client(world: World, dice: Random, name: str) -> None:
    """Draw a client with one subscription or more; all share its connection."""
    over = dice.choice(PROTOCOLS)
    broker, queue = dice.choice(world.brokers), over != "mqtt" and dice.random() < 0.45
    kept = not queue and dice.random() < (0.5 if over == "mqtt" else 0.2)
    connections = _connections(dice)
    wanted = dict.fromkeys(dice.choice(QUEUES if queue else PATTERNS) for _ in range(dice.choice((1, 1, 1, 2, 3))))
    acknowledges = queue and over == "stomp" and dice.random() < 0.4
    selecting = over == "stomp" and dice.random() < 0.25
    for place, destination in enumerate(wanted):
        its = Subscription(
            client=name, broker=broker, over=over, destination=destination, durable=kept,
            region=dice.choice(("eur", "usd")) if selecting else None, acknowledges=acknowledges,
        )  # fmt: skip
        its.stays = _stays(dice, connections, kept, 0.001 + place * 1e-4)
        world.subscriptions.append(its)


def _connections(dice: Random) -> list[Stay]:
    """Draw the times in which a client is connected."""
    begin = dice.choice((0.1, 0.1, 0.1, 0.1, 0.5, 4.0, 9.0)) + dice.uniform(0, 0.05)
    if dice.random() < 0.5:
        return [Stay(begin)]
    middle = dice.uniform(begin + 1, LAST + 2)
    first = Stay(begin, middle, dice.choice(("disconnected", "disconnected", "lost")))
    if dice.random() < 0.4:
        return [first]
    return [first, Stay(middle + dice.choice((0.3, 2.0, 8.0)) + dice.uniform(0, 0.1))]


def _stays(dice: Random, connections: list[Stay], kept: bool, after: float) -> list[Stay]:
    """Draw the stays of one subscription within its client's connections: it may be ended, and made again."""
    stays = []
    for each in connections:
        begin = each.begin + after
        if dice.random() < 0.15 and each.end - begin > 3:
            middle = dice.uniform(begin + 1, min(each.end - 1, begin + 25))
            stays.append(Stay(begin, middle, "unsubscribed"))
            again = middle + dice.choice((0.2, 2.0, 6.0)) + dice.uniform(0, 0.05)
            if dice.random() < 0.6 and again + 0.5 < each.end:
                stays.append(Stay(again, each.end, each.how))
            elif each is not connections[-1] and not kept:
                continue
            else:
                break  # it has gone for good
        else:
            stays.append(Stay(begin, each.end, each.how))
    return stays


def _destination(world: World, dice: Random, over: str) -> str:
    """Draw where to send; mostly where somebody listens."""
    there = QUEUES + TOPICS if over != "mqtt" else TOPICS
    heard = [one for one in there if any(hears(its.destination, one) for its in world.subscriptions)]
    return dice.choice(heard if heard and dice.random() < 0.92 else there)


def _publication(world: World, dice: Random, step: int) -> None:
    """Draw a publish step, one message after the other."""
    over = dice.choice(("mqtt", "mqtt", "stomp", "amqp"))
    destination = _destination(world, dice, over)
    t = dice.uniform(0.3, 16) if dice.random() < 0.8 else dice.uniform(0.05, 0.5)
    client, before = f"p{step}", world.publications[-1] if world.publications else None
    given = dice.random() < 0.35
    if before is not None and before.over == over and dice.random() < 0.4:  # the same client goes on
        given = before.given  # one producer is one program: its bodies are all its own, or all made by the lab
        client, t = before.client, before.end + dice.uniform(0.05, 2)
        destination = before.destination if dice.random() < 0.7 else destination
    count = dice.randint(1, 6)
    its = Publication(
        step=step, client=client, broker=dice.choice(world.brokers), over=over, destination=destination,
        persistent=dice.random() < 0.6, given=given, begin=round(t - 0.01, 6), asked=count,
        expiry=dice.choice((0.8, 6.0, 600.0)) if dice.random() < 0.1 else None,
        region=dice.choice(("eur", "usd")) if over != "mqtt" and dice.random() < 0.5 else None,
    )  # fmt: skip
    doubtful = dice.random() < 0.2
    for number in range(1, count + 1):
        t += dice.choice((0.02, 0.3, 1.0, 3.0)) + dice.uniform(0, 0.01)
        message = Message(publication=its, number=number, sent=round(t, 6))
        if its.expiry is not None:
            message.over = message.sent + its.expiry
        if doubtful and dice.random() < 0.4:
            message.outcome = dice.choice(("unknown", "failed", None))
            message.accepted = message.outcome != "failed" and dice.random() < 0.6
        message.answered = round(message.sent + dice.uniform(0.001, 0.015), 6) if message.outcome else inf
        its.messages.append(message)
    its.end = round(t + 0.05, 6)
    its.retained = over == "mqtt" and dice.random() < 0.35 and _can_retain(world, its)
    if its.given:
        _bodies(its, dice)
    if any(not each.known for each in its.messages) and dice.random() < 0.7:
        its.least = sum(each.known for each in its.messages)  # the scenario says that so many are enough
    world.publications.append(its)


def _bodies(its: Publication, dice: Random) -> None:
    """Draw the bodies that a person gave: some are equal, some no UTF-8, and some of those that are retained empty."""
    equal, odd, empty = dice.random() < 0.3, dice.random() < 0.3, its.retained and dice.random() < 0.5
    for each in its.messages:
        each.body = b"body %d %d" % (its.step, each.number)
        if odd and dice.random() < 0.5:
            each.body = ODD + each.body
        if equal and dice.random() < 0.6:
            each.body = b"same %d" % its.step
        if empty and dice.random() < 0.4:
            each.body = b""


def _can_retain(world: World, its: Publication) -> bool:
    """Return whether all MQTT subscribers are at the message's own broker, and none subscribes as one is sent."""
    heard = [one for one in world.subscriptions if one.mqtt and hears(one.destination, its.destination)]
    begins = [stay.begin for one in heard for stay in one.stays]
    if any(one.broker != its.broker for one in heard) or its.expiry is not None:
        return False
    if any(each.retained and each.destination == its.destination and each.broker != its.broker
           for each in world.publications):  # fmt: skip
        return False
    return not any(each.sent - 0.1 < begin < each.sent + 0.5 for each in its.messages for begin in begins)
