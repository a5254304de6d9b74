"""Counts arrivals beyond a message's first, but for those that a broker may rightly make."""

from __future__ import annotations

from tests.judge.truths.expecting import Group, arrivals, windows
from tests.judge.truths.scene import Arrival, Message, Subscription, World, hears


def again(group: Group, message: Message) -> int:
    """Return how often a message came to a group too often; 0 if it did not come to a member."""
    world = group.world
    if not arrivals(group.members, message, world):
        return 0
    everybody = [*group.members, *group.sharing(message)]
    found = [(its, each) for its in everybody for each in arrivals([its], message, world)]
    found.sort(key=lambda pair: pair[1].t)
    starts = sum(stay.begin <= world.end for its in group.members if its.mqtt for stay in its.stays)
    kept = [each for _, each in found if each.retained][:starts]  # one for each time it subscribed
    rest = [pair for pair in found if pair[1] not in kept]
    spared = 0
    for place, (its, each) in enumerate(rest):
        if place and by_right(its, each, rest[:place], spared):
            spared += 1
    if message.publication.queue:
        return max(len(rest) - spared - (1 if rest else 0), 0)
    too_many = 0
    for client in {its.client for its, _ in rest}:
        own = [each for its, each in rest if its.client == client]
        too_many += max(len(own) - copies(group, client, message), 0)
    others = len({its.client for its, _ in rest}) - 1
    return max(too_many - spared, 0) + max(others, 0)


def copies(group: Group, client: str, message: Message) -> int:
    """Return how many copies a client may have: one for each of its subscriptions that hears the message."""
    topic = message.publication.destination
    its = [each for each in group.members if each.client == client and hears(each.destination, topic)]
    return max(sum(_subscribed(each, message.sent, group.world) for each in its), 1)


def _subscribed(its: Subscription, t: float, world: World) -> bool:
    return any(begin <= t < end for begin, end in windows(its, world.end))


def by_right(its: Subscription, one: Arrival, before: list[tuple[Subscription, Arrival]], spared: int) -> bool:
    """Return whether a marked arrival is rightful: a client that had the message broke off, and the broker had no word.

    Over MQTT and AMQP no broker answers an acknowledgement; each end of a connection accounts for one arrival.
    """
    breaks = sum(each.doubtful for _, each in before)
    if not one.redelivered:
        return spared < breaks
    for other in {id(each): each for each, _ in before}.values():
        if (
            other.acknowledges
            or not (other.mqtt or other.over == "amqp")
            or not (its.queue or other.client == its.client)
        ):
            continue
        first = min(each.t for each_its, each in before if each_its is other)
        breaks += sum(first <= stay.end <= one.t and stay.how in ("lost", "disconnected") for stay in other.stays)
    return spared < breaks
