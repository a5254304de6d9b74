"""The truth's word on a claim, from the world alone: what the judge may say of the history of that world."""

from __future__ import annotations

from math import ceil, inf

from tests.judge.truths import undecided
from tests.judge.truths.asking import Claim
from tests.judge.truths.owing import (
    Group,
    accepted,
    groups,
    kept_until,
    left_at,
    owed,
    receipts,
    short,
    waits,
    windows,
)
from tests.judge.truths.scene import Message, Subscription, World, hears
from tests.judge.truths.words import BROKEN, HELD, UNKNOWN, Word, no_better, worst


def word_on(claim: Claim, world: World) -> Word:
    """Return the outcomes that are right for a claim."""
    found = groups(world, claim.to, claim.destination, together=claim.any)
    present = set().union(*(each.names for each in found))
    missing = [name for name in claim.to if name not in present] if not (claim.any and present) else []
    words = [UNKNOWN for _ in missing]
    if not found and not missing:
        words.append(UNKNOWN)
    of_one = {"delivered": _delivered, "duplicates": _duplicates, "ordered": _ordered, "latency": _latency}[claim.kind]
    for group in found:
        word = of_one(claim, group)
        if undecided.alike(group, group.messages(claim.destination), world):
            word = undecided.not_told(word)
        words.append(word)
    word = worst(words)
    concerned = [
        each for each in world.publications
        if (claim.destination is None or hears(claim.destination, each.destination))
        and (not found or any(hears(one.destination, each.destination) for group in found for one in group.members))
    ]  # fmt: skip
    if not world.complete or any(short(each, world) for each in concerned):
        word = no_better(word)
    return word


def _delivered(claim: Claim, group: Group) -> Word:
    if claim.promise == "nothing":
        return _silence(claim, group)
    world, losable = group.world, claim.promise == "at-most-once"
    words: list[Word] = []
    expected = arrived = 0
    for message in group.messages(claim.destination):
        came = receipts(group.members, message, world)
        taken = receipts(group.others, message, world)
        if came:
            arrived += 1
            expected += message.known and message.answered <= world.end
            words.append(_late(claim, group, message, came[0].t))
        elif group.owing(message) and accepted(message, world):
            if taken:
                expected += 1
                words += [] if losable else [BROKEN]
            elif not _expired(group, message):
                word = _missing(claim, group, message)
                expected += word is not None
                words += [] if losable or word is None else [word]
    if claim.promise != "at-least-once":
        words.append(BROKEN if _again(claim, group) else HELD)
        words.append(_quiet(claim, group))
    if not expected:
        return undecided.nothing_owed(worst(words))
    if losable and not arrived:
        return UNKNOWN
    return worst(words)


def _late(claim: Claim, group: Group, message: Message, first: float) -> Word:
    within = claim.within
    its = next(each for each in group.members for one in each.receipts if one.message is message and one.t == first)
    word = BROKEN if first - kept_until(its, message, first) > within else HELD
    if group.queue and (coming := _first_coming(group)) > message.sent:
        return undecided.queue_before_anybody(word, BROKEN if first - coming > within else HELD)
    return word


def _first_coming(group: Group) -> float:
    everybody = [*group.members, *group.others]
    return min((each.stays[0].begin for each in everybody if each.stays), default=inf)


def _expired(group: Group, message: Message) -> bool:
    """Return whether a message was over before any of the group listened."""
    if message.over == inf:
        return False
    return not any(
        max(stay.begin, message.sent) < min(stay.end, message.over) and stay.begin <= group.world.end
        for its in group.members
        if its.wants(message.publication)
        for stay in its.stays
    )


def _missing(claim: Claim, group: Group, message: Message) -> Word | None:
    """Return the word on a message that was owed and has not come; None if it counts as not owed."""
    words = {_missing_of(claim, group, its, message) for its in group.owing(message)}
    word = BROKEN if words == {BROKEN} else worst(words - {BROKEN})
    if message.over < inf and word == BROKEN:
        return undecided.may_be_over(message, message.sent + claim.within, group.world.end)
    return word


def _missing_of(claim: Claim, group: Group, its: Subscription, message: Message) -> Word:
    world, within = group.world, claim.within
    if its.queue:
        everybody = [each for each in group.members if each.stays and each.stays[0].begin <= world.end]
        watched = min(max(windows(each, world.end)[-1][1] for each in everybody), world.end)
        word = BROKEN if message.sent + within <= watched else UNKNOWN
        if (coming := _first_coming(group)) > message.sent:
            return undecided.queue_before_anybody(word, BROKEN if coming + within <= watched else UNKNOWN)
        return word
    since = waits(its, message, within, world)
    if since == inf:
        return undecided.kept_for_nobody(surely_lost=False)
    if since + within <= min(left_at(its, message, world), world.end):
        last = [stay for stay in its.stays if stay.begin <= world.end][-1]
        gone = its.durable and last.end <= world.end and last.how != "unsubscribed"
        return undecided.kept_for_nobody(surely_lost=True) if gone else BROKEN
    return undecided.under_way(BROKEN)


def _again(claim: Claim, group: Group) -> int:
    """Return how many receipts there were beyond each message's first."""
    found = 0
    for message in group.messages(claim.destination):
        if receipts(group.members, message, group.world):
            found += len(receipts([*group.members, *group.others], message, group.world)) - 1
    return found


def _quiet(claim: Claim, group: Group) -> Word:
    """Return whether the group was heard for long enough after its last message: who left by a step is not asked."""
    world = group.world
    came = [receipts(group.members, each, world) for each in group.messages(claim.destination)]
    last = max((each[0].t for each in came if each), default=None)
    if last is None:
        return HELD
    heard, since = world.end, last
    for its in group.members:
        stays = [stay for stay in its.stays if stay.begin <= world.end]
        if stays[-1].end <= world.end and stays[-1].how != "lost":
            continue
        heard = min(heard, stays[-1].end)
        backs = [after.begin for before, after in zip(stays, stays[1:], strict=False) if before.how != "unsubscribed"
                 and (its.durable or before.how == "lost")]  # fmt: skip
        since = max(since, *backs, since)
    staying = [its for its in group.members if _stays(its, world)]
    return HELD if not staying or heard - since >= claim.listens_on else UNKNOWN


def _stays(its: Subscription, world: World) -> bool:
    last = [stay for stay in its.stays if stay.begin <= world.end][-1]
    return last.end > world.end or last.how == "lost"


def _silence(claim: Claim, group: Group) -> Word:
    world = group.world
    for its in group.members:
        for one in its.receipts:
            of = claim.destination is None or hears(claim.destination, one.message.publication.destination)
            if one.t <= world.end and of:
                return BROKEN
    heard = min(_heard_until(each, world) for each in group.members)
    first = min(each.stays[0].begin for each in group.members)
    could: list[Message] = []
    doubtful: list[Message] = []
    for message in group.messages(claim.destination):
        its = [each for each in group.owing(message) if each.queue or not _cut_off(each, message.sent)]
        taken = receipts(group.others, message, world)
        if not its or message.sent >= heard or _expired(group, message) or (taken and taken[0].t < first):
            continue
        if message.known and message.answered <= world.end:
            could.append(message)
        elif message.outcome != "failed" or message.answered > world.end:
            doubtful.append(message)
    could = [each for each in could if any(waits(its, each, 0, world) < inf for its in group.owing(each))]
    if not could:
        return UNKNOWN
    watched = min(heard, world.end)
    last = max(each.sent for each in (*could, *doubtful))
    loosely = watched - last >= claim.within
    strictly = loosely and all(len(each.stays) == 1 for each in group.members)
    return undecided.listened_again(strictly, loosely)


def _cut_off(its: Subscription, t: float) -> bool:
    """Return whether a client that nobody keeps anything for had lost its connection."""
    return its.there(t) is None and not its.durable


def _heard_until(its: Subscription, world: World) -> float:
    last = [stay for stay in its.stays if stay.begin <= world.end][-1]
    return last.end if last.end <= world.end else inf


def _duplicates(claim: Claim, group: Group) -> Word:
    came = any(receipts(group.members, each, group.world) for each in group.messages(claim.destination))
    if not came:
        return UNKNOWN
    return BROKEN if _again(claim, group) > claim.at_most else _quiet(claim, group)


def _ordered(claim: Claim, group: Group) -> Word:
    world, came = group.world, False
    for its in group.members:
        tops: dict[int, int] = {}
        known: set[int] = set()
        for one in its.receipts:
            step, number = one.message.publication.step, one.message.number
            of = claim.destination is None or hears(claim.destination, one.message.publication.destination)
            if one.t > world.end or not of:
                continue
            came |= not one.given_back <= world.end
            if id(one.message) in known:
                continue
            known.add(id(one.message))
            back = any(
                each.message is one.message and each.given_back < one.t
                for beside in world.subscriptions
                for each in beside.receipts
            )
            if number < tops.get(step, 0) and not back:
                return BROKEN
            tops[step] = max(tops.get(step, 0), number)
    return HELD if came else UNKNOWN


def _latency(claim: Claim, group: Group) -> Word:
    took = []
    for message in group.messages(None):
        if came := receipts(group.members, message, group.world):
            its = next(each for each in group.members if came[0] in each.receipts)
            if kept_until(its, message, came[0].t) == message.sent:
                took.append(came[0].t - message.sent)
    if not took:
        return UNKNOWN
    took.sort()
    name, bound = claim.bound
    figure = took[-1] if name == "max" else took[ceil(len(took) / 2) - 1]
    return HELD if figure <= bound else BROKEN


__all__ = ["owed", "word_on"]
