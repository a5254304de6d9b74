"""The messages that each client of a world is expected to receive, and since when, by the rules of docs/verdicts.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf

from tests.judge.truths.scene import Arrival, Message, Publication, Stay, Subscription, World, hears

SURELY, PERHAPS = "surely", "perhaps"


@dataclass(slots=True, eq=False)
class Group:
    """Subscriptions of which one is to have each message: one of a topic, those named of a queue; `others` share it.

    The subscriptions of one MQTT client that overlap are one: the client is not told for which of them a message came.
    """

    world: World
    members: list[Subscription]
    others: list[Subscription] = field(default_factory=list)

    @property
    def queue(self) -> bool:
        return all(each.queue for each in self.members)

    @property
    def names(self) -> set[str]:
        return {each.client for each in self.members}

    def expecting(self, message: Message) -> list[Subscription]:
        """Return the members that the message is expected by, surely or perhaps."""
        return [each for each in self.members if expected_by(each, message, self.world)]

    def messages(self, destination: str | None) -> Iterator[Message]:
        """Yield the messages that any member hears of, of one destination if one is given."""
        for publication in self.world.publications:
            of = destination is None or hears(destination, publication.destination)
            if of and any(hears(each.destination, publication.destination) for each in self.members):
                yield from (each for each in publication.messages if each.sent <= self.world.end)

    def sharing(self, message: Message) -> list[Subscription]:
        """Return the others that share a queue of the members to which a message was sent."""
        return [each for each in self.others if hears(each.destination, message.publication.destination)]


def groups(world: World, to: Iterable[str], destination: str | None, *, together: bool) -> list[Group]:
    """Return the groups that an expectation is about; `together` makes one of all that are named."""
    names = set(to)
    found: list[Group] = []
    for each in _whole(world):
        heard = [one for one in each if destination is None or hears(one.destination, destination)]
        named = [one for one in heard if not names or one.client in names]
        if not named:
            continue
        if each[0].queue:
            found.append(Group(world, named, [one for one in each if one not in named]))
        else:
            found.append(Group(world, each))
    if together and found:
        members = [one for each in found for one in each.members if one.client in names]
        if destination is not None:
            members = [one for one in members if hears(one.destination, destination)]
        return [Group(world, members, [one for each in found for one in each.others])]
    return found


def at_work(found: list[Group], destination: str | None) -> list[Group]:
    """Return the groups without the idle ones of clients that have another one: they say nothing of these clients."""
    busy = [each for each in found if is_busy(each, destination)]
    names = set().union(*(each.names for each in busy))
    return [each for each in found if each in busy or not each.names <= names]


def _whole(world: World) -> list[list[Subscription]]:
    """Return all that share a queue, each subscription to a topic, those of one MQTT client that overlap as one."""
    topics = {each.destination for each in world.publications if not each.queue and each.begin <= world.end}
    found: list[tuple[set[str], list[Subscription]]] = []
    for its in world.begun():
        reach = {its.destination} if its.queue else set()
        if its.mqtt:
            reach = {f"{its.client} {topic}" for topic in topics if hears(its.destination, topic)}
        members = [its]
        for group in [each for each in found if each[0] & reach]:
            found.remove(group)
            reach |= group[0]
            members = [*group[1], *members]
        found.append((reach, members))
    return [members for _, members in found]


def is_busy(group: Group, destination: str | None) -> bool:
    """Return whether any message of a destination was expected by a group or came to it; an idle one says nothing.

    A message that nobody sent may be of any destination.
    """
    world = group.world
    came = (one.t for each in group.members for one in each.arrivals if destination is None)
    strange = (t for each in group.members for t in each.strange)
    if any(t <= world.end for t in (*came, *strange)):
        return True
    messages = group.messages(destination)
    return any(group.expecting(message) or arrivals(group.members, message, world) for message in messages)


def windows(its: Subscription, end: float) -> list[tuple[float, float]]:
    """Return the times in which a subscription expects messages: neither a lost connection nor an absence ends one."""
    found: list[tuple[float, float]] = []
    open_ = False
    for stay in its.stays:
        if stay.begin > end:
            break
        begin = found.pop()[0] if open_ else stay.begin
        open_ = stay.end <= end and (stay.how == "lost" or (its.durable and stay.how == "disconnected"))
        found.append((begin, inf if open_ or stay.end > end else stay.end))
    return found


def last_stay(its: Subscription, world: World) -> Stay:
    """Return the last stay that the history tells of."""
    return [stay for stay in its.stays if stay.begin <= world.end][-1]


def expected_by(its: Subscription, message: Message, world: World) -> str:
    """Return whether a subscription expects a message that a broker accepted: surely, perhaps, or not ("")."""
    if not its.wants(message.publication):
        return ""
    spans = windows(its, world.end)
    if its.queue:
        return SURELY if spans and message.sent <= spans[-1][1] else ""
    if any(begin <= message.sent < end for begin, end in spans):
        return SURELY
    kept = [word for begin, _ in spans if (word := retained(its, message, begin, world))]
    return SURELY if SURELY in kept else PERHAPS if kept else ""


def retained(its: Subscription, message: Message, begin: float, world: World) -> str:
    """Return whether a message is what a broker gave an MQTT subscription that began then: surely, perhaps, or not.

    It gives the last one that it accepted as retained; it keeps none that is empty. Of one whose outcome is not known
    it may have kept the one before.
    """
    topic = message.publication.destination
    if not its.mqtt or not message.publication.retained or message.body == b"":
        return ""
    before = [
        each
        for one in world.publications
        if one.retained and one.destination == topic
        for each in one.messages
        if each.sent < begin and not (each.outcome == "failed" and each.answered <= world.end)
    ]
    before.sort(key=lambda each: -each.sent)
    for place, each in enumerate(before):
        sure = accepted(each, world)
        if each is message:
            return SURELY if place == 0 and sure else PERHAPS
        if sure:
            return ""
    return ""


def since_when(its: Subscription, message: Message, world: World) -> list[tuple[float, float]]:
    """Return, for each time a message could come to a topic's subscription, since when, and when that window ends."""
    spans = windows(its, world.end)
    own = [(message.sent, end) for begin, end in spans if begin <= message.sent < end]
    return own or [(begin, end) for begin, end in spans if retained(its, message, begin, world)]


def heard_long_enough(its: Subscription, since: float, until: float, within: float, world: World) -> bool | None:
    """Return whether a client listened to the end of a message's time; None if it is kept for one that never came back.

    `since` is when the message could come, `until` the end of its window. A durable one is given it when it is back.
    """
    if not its.durable:
        return since + within <= min(until, world.end)
    for stay in its.stays:
        if stay.begin > min(until, world.end) or stay.end <= since:
            continue
        begin = max(since, stay.begin)
        if begin + within <= min(stay.end, world.end):
            return True
        if stay.end > world.end or stay.end >= until:
            return False
    return None


def could_have_come(its: Subscription, message: Message, first: float, world: World) -> list[float]:
    """Return since when a message that came at a moment could have come: its sending, a return, a subscription."""
    if its.queue:
        return [message.sent]
    found = []
    for since, until in since_when(its, message, world) or [(message.sent, inf)]:
        backs = [stay.begin for stay in its.stays[1:] if its.durable and since < stay.begin <= min(first, until)]
        gone = [stay.end for stay in its.stays if stay.end <= first]
        away = its.there(message.sent) is None or any(message.sent < end for end in gone)
        found.append(backs[0] if backs and away else since)
    return [each for each in found if each <= first] or found


def expired(group: Group, message: Message) -> bool:
    """Return whether a message was over before any of the group listened, and before the history ends."""
    if message.over > group.world.end:
        return False
    spans = []
    for its in group.expecting(message):
        if its.durable:
            spans += [(stay.begin, stay.end) for stay in its.stays if stay.begin <= group.world.end]
        else:
            spans += windows(its, group.world.end)
    return not any(max(begin, message.sent) < min(end, message.over) for begin, end in spans)


def arrivals(of: Iterable[Subscription], message: Message, world: World) -> list[Arrival]:
    """Return the arrivals of a message that clients have kept by the end of the history, in order."""
    found = [
        each
        for its in of
        for each in its.arrivals
        if each.message is message and each.t <= world.end and not each.given_back <= world.end
    ]
    return sorted(found, key=lambda each: each.t)


def accepted(message: Message, world: World) -> bool:
    """Return whether a broker accepted a message: it said so, or a client received it."""
    if message.known and message.answered <= world.end:
        return True
    return any(each.message is message and each.t <= world.end for its in world.subscriptions for each in its.arrivals)


def short(publication: Publication, world: World) -> bool:
    """Return whether a step brought about fewer messages than the scenario needs."""
    if publication.end > world.end:
        return False
    needed = publication.asked if publication.least is None else publication.least
    return sum(accepted(each, world) for each in publication.messages) < needed
