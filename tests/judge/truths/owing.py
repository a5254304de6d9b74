"""Says, of a world, who was owed which message and since when, as docs/verdicts.md has it; the world alone is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf

from tests.judge.truths.scene import Message, Publication, Receipt, Subscription, World, hears


@dataclass(slots=True, eq=False)
class Group:
    """Subscriptions of which one is to have each message: one of a topic, those named of a queue; `others` share it."""

    world: World
    members: list[Subscription]
    others: list[Subscription] = field(default_factory=list)

    @property
    def queue(self) -> bool:
        return self.members[0].queue

    @property
    def names(self) -> set[str]:
        return {each.client for each in self.members}

    def owing(self, message: Message) -> list[Subscription]:
        """Return the members that the message is owed to."""
        return [each for each in self.members if owed(each, message, self.world)]

    def messages(self, destination: str | None) -> Iterator[Message]:
        """Yield the messages that any member hears of, of one destination if one is given."""
        for publication in self.world.publications:
            of = destination is None or hears(destination, publication.destination)
            if of and any(hears(each.destination, publication.destination) for each in self.members):
                yield from (each for each in publication.messages if each.sent <= self.world.end)


def groups(world: World, to: Iterable[str], destination: str | None, *, together: bool) -> list[Group]:
    """Return the groups that a claim is about; `together` makes one of all that are named."""
    names = set(to)
    there = [each for each in world.subscriptions if each.stays and each.stays[0].begin <= world.end]
    heard = [each for each in there if destination is None or hears(each.destination, destination)]
    meant = [each for each in heard if not names or each.client in names]
    found: list[Group] = []
    if together and meant:
        queues = {each.destination for each in meant if each.queue}
        others = [each for each in there if each.queue and each.destination in queues and each not in meant]
        return [Group(world, meant, others)]
    shared: dict[str, Group] = {}
    for each in meant:
        if each.queue and each.destination in shared:
            shared[each.destination].members.append(each)
            continue
        beside = [one for one in there if each.queue and one.destination == each.destination and one not in meant]
        found.append(Group(world, [each], beside))
        if each.queue:
            shared[each.destination] = found[-1]
    busy = set().union(*(each.names for each in found if is_busy(each)))
    return [each for each in found if is_busy(each) or not each.names <= busy]


def is_busy(group: Group) -> bool:
    """Return whether any message was owed to a group or came to it: an idle subscription says nothing of its client."""
    world = group.world
    if any(receipt.t <= world.end for each in group.members for receipt in each.receipts):
        return True
    return any(group.owing(message) for message in group.messages(None))


def windows(its: Subscription, end: float) -> list[tuple[float, float]]:
    """Return the times in which what is sent is owed to a subscription: a lost connection ends none, nor does absence."""
    found: list[tuple[float, float]] = []
    open_ = False
    for stay in its.stays:
        if stay.begin > end:
            break
        begin = found.pop()[0] if open_ else stay.begin
        open_ = stay.end <= end and (stay.how == "lost" or (its.durable and stay.how == "disconnected"))
        found.append((begin, inf if open_ or stay.end > end else stay.end))
    return found


def owed(its: Subscription, message: Message, world: World) -> bool:
    """Return whether a subscription is owed a message, if a broker accepted that."""
    if not its.wants(message.publication):
        return False
    spans = windows(its, world.end)
    if its.queue:
        return bool(spans) and message.sent <= spans[-1][1]
    return any(begin <= message.sent < end for begin, end in spans)


def left_at(its: Subscription, message: Message, world: World) -> float:
    """Return when the client, to whom a message was owed, left for good as far as that message goes; else infinity."""
    spans = windows(its, world.end)
    if its.queue:
        return spans[-1][1]
    return next(end for begin, end in spans if begin <= message.sent < end)


def waits(its: Subscription, message: Message, within: float, world: World) -> float:
    """Return since when a message, which has not come, could: its sending, or the return that ended an absence.

    Infinity if the client, for whom the broker keeps it, never came back.
    """
    since = message.sent
    for stay in its.stays if its.durable and not its.queue else ():
        if stay.begin > world.end:
            break
        if since < stay.begin and since != message.sent:
            since = stay.begin
        elif since < stay.begin:
            since = stay.begin  # sent while the client was away
        if since + within <= stay.end or stay.end > world.end:
            return since  # it listened for long enough, or does still
        if stay.how == "unsubscribed" and stay.end > message.sent:
            return since
        if stay.end > since:
            since = stay.end + 1e-9  # what had not come by then is kept
    last = its.stays[-1] if its.stays else None
    return inf if its.durable and not its.queue and last is not None and since > last.end else since


def kept_until(its: Subscription, message: Message, first: float) -> float:
    """Return since when a message that came could have come: the return after which it did, if it was kept."""
    sent_in, came_in = its.there(message.sent), its.there(first)
    if not its.durable or its.queue or came_in is None or came_in is sent_in or message.sent >= came_in.begin:
        return message.sent
    spans = [stay for stay in its.stays if stay.begin <= came_in.begin]
    back = [stay.begin for before, stay in zip(spans, spans[1:], strict=False) if message.sent < stay.begin
            and before.how != "unsubscribed"]  # fmt: skip
    return back[0] if back else message.sent


def receipts(of: Iterable[Subscription], message: Message, world: World) -> list[Receipt]:
    """Return the receipts of a message that clients have kept by the end of the history, in order."""
    found = [
        each
        for its in of
        for each in its.receipts
        if each.message is message and each.t <= world.end and not each.given_back <= world.end
    ]
    return sorted(found, key=lambda each: each.t)


def accepted(message: Message, world: World) -> bool:
    """Return whether a broker accepted a message: it said so, or a client received it."""
    if message.known and message.answered <= world.end:
        return True
    return any(each.message is message and each.t <= world.end for its in world.subscriptions for each in its.receipts)


def short(publication: Publication, world: World) -> bool:
    """Return whether a step brought about fewer messages than the scenario needs."""
    if publication.end > world.end:
        return False
    needed = publication.asked if publication.least is None else publication.least
    return sum(accepted(each, world) for each in publication.messages) < needed
