"""The truth's word on an expectation, from the world alone: what the judge may say of the history of that world."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import ceil, inf

from tests.judge.truths import undecided
from tests.judge.truths.asked_expectation import AskedExpectation
from tests.judge.truths.counting import again
from tests.judge.truths.expecting import (
    PERHAPS,
    Group,
    accepted,
    arrivals,
    at_work,
    could_have_come,
    expected_by,
    expired,
    groups,
    heard_long_enough,
    last_stay,
    short,
    since_when,
    windows,
)
from tests.judge.truths.finishing import finished, never_subscribed
from tests.judge.truths.recovering import recovered
from tests.judge.truths.scene import Message, Subscription, World, hears
from tests.judge.truths.sharing import share_of
from tests.judge.truths.words import FAILED, PASSED, UNKNOWN, Word, no_better, worst


def word_on(expectation: AskedExpectation, world: World) -> Word:
    """Return the outcomes that are right for an expectation."""
    if expectation.kind == "finished":
        return finished(expectation, world)
    every = groups(world, expectation.to, expectation.destination, together=expectation.any)
    found = at_work(every, expectation.destination)
    words = [UNKNOWN for _ in never_subscribed(expectation, found)]
    if not found and not words:
        words.append(UNKNOWN)
    for group in found:
        word = _OF_A_GROUP[expectation.kind](expectation, group)
        if undecided.alike(group, group.messages(expectation.destination), world):
            word = undecided.not_told(word)
        if undecided.sent_just_before(group, group.messages(expectation.destination), world):
            word = PASSED | FAILED | UNKNOWN
        words.append(word)
    if any(each not in found and undecided.idle_beside_others(each, expectation.destination) for each in every):
        words.append(undecided.not_told(PASSED))
    if expectation.shares:
        words.append(share_of(expectation, world))
    word = worst(words)
    concerned = [
        each
        for each in world.publications
        if (expectation.destination is None or hears(expectation.destination, each.destination))
        and (not found or any(hears(one.destination, each.destination) for group in found for one in group.members))
    ]
    if any(undecided.perhaps_accepted(message, world) for each in concerned for message in each.messages):
        word = undecided.not_told(word)
    if expectation.kind == "recovered" and not world.cuts_by(expectation.after):
        return UNKNOWN
    if not world.complete or any(short(each, world) for each in concerned):
        word = no_better(word)
    return word


def _delivered(expectation: AskedExpectation, group: Group) -> Word:
    if expectation.promise == "nothing":
        return _silence(expectation, group)
    world, losable = group.world, expectation.promise == "at-most-once"
    words: list[Word] = []
    missing: list[Word] = []
    expected = arrived = 0
    for message in group.messages(expectation.destination):
        came = arrivals(group.members, message, world)
        if came:
            arrived += 1
            expected += message.known and message.answered <= world.end
            words.append(_late(expectation, group, message, came[0].t))
        elif group.expecting(message) and accepted(message, world):
            if taken := arrivals(group.sharing(message), message, world):
                expected += 1
                missing.append(undecided.may_yet_be_given_back(expectation, message, taken, group))
            elif not expired(group, message):
                expected += 1
                missing.append(_missing(expectation, group, message))
    words += [] if losable else undecided.strangers(group, missing)
    if expectation.promise != "at-least-once":
        words.append(FAILED if _again(expectation, group) else PASSED)
        words.append(_quiet(expectation, group))
        words += undecided.strangers(group, [PASSED])
    if not expected:
        return undecided.nothing_expected(worst([*words, *missing]))
    if losable and not arrived:
        return undecided.nothing_came(worst(words), group)
    return worst(words)


def _late(expectation: AskedExpectation, group: Group, message: Message, first: float) -> Word:
    within, world = expectation.within, group.world
    its = next(each for each in group.members for one in each.arrivals if one.message is message and one.t == first)
    expecting = group.expecting(message) or [its]
    since = {t for each in expecting for t in could_have_come(each, message, first, world)}
    word = undecided.either(FAILED if first - t > within else PASSED for t in since)
    if its.queue and (coming := _first_coming(group)) > message.sent:
        return undecided.queue_before_anybody(word, FAILED if first - coming > within else PASSED)
    return word


def _first_coming(group: Group) -> float:
    everybody = [*group.members, *group.others]
    return min((each.stays[0].begin for each in everybody if each.stays), default=inf)


def _missing(expectation: AskedExpectation, group: Group, message: Message) -> Word:
    """Return the word on a message that was expected and has not come."""
    expecting = group.expecting(message)
    words = [_missing_of(expectation, group, its, message) for its in expecting]
    word = undecided.of_several(words)
    if message.over <= group.world.end and word != UNKNOWN:
        return undecided.may_be_over(message, message.sent + expectation.within)
    if all(expected_by(its, message, group.world) == PERHAPS for its in expecting):
        return undecided.perhaps_retained()
    return word


def _missing_of(expectation: AskedExpectation, group: Group, its: Subscription, message: Message) -> Word:
    world, within = group.world, expectation.within
    if its.queue:
        watched = _watched(group, message)
        word = FAILED if message.sent + within <= watched else undecided.under_way()
        if not _listened(group, its.destination, message.sent, within):
            word = undecided.nobody_for_long_enough(word)
        if (coming := _first_coming(group)) > message.sent:
            after = FAILED if coming + within <= watched else undecided.under_way()
            return undecided.queue_before_anybody(word, after)
        return word
    words = []
    for since, until in since_when(its, message, world):
        enough = heard_long_enough(its, since, until, within, world)
        words.append(undecided.kept_for_nobody() if enough is None else FAILED if enough else undecided.under_way())
    last = last_stay(its, world)
    if its.durable and last.end <= world.end and last.how != "unsubscribed":
        words = [undecided.kept_for_nobody()]
    return undecided.either(words)


def _watched(group: Group, message: Message) -> float:
    """Return until when any of those meant that a queue gives the message to was there."""
    world = group.world
    return min(
        max(windows(each, world.end)[-1][1] for each in group.members if each.wants(message.publication)), world.end
    )


def _listened(group: Group, queue: str, since: float, within: float) -> bool:
    """Return whether any of those meant was there for long enough without a break after a moment."""
    end = group.world.end
    stays = [stay for each in group.members if each.destination == queue for stay in each.stays]
    return any(max(stay.begin, since) + within <= min(stay.end, end) for stay in stays)


def _again(expectation: AskedExpectation, group: Group) -> int:
    """Return how many arrivals there were beyond each message's first."""
    return sum(again(group, message) for message in group.messages(expectation.destination))


def _quiet(expectation: AskedExpectation, group: Group) -> Word:
    """Return whether the group was heard for long enough after its last message: who left by a step is not asked."""
    world = group.world
    came = [arrivals(group.members, each, world) for each in group.messages(expectation.destination)]
    last = max((each[0].t for each in came if each), default=None)
    staying = [its for its in group.members if _stays(its, world)]
    if last is None or not staying or not expectation.listens_on:
        return PASSED
    heard = min(world.end, (max if group.queue else min)(last_stay(its, world).end for its in staying))
    back = max(_came_back(its, world) for its in staying)
    word = PASSED if heard - max(last, back) >= expectation.listens_on else UNKNOWN
    copies = [one.t for its in group.members for one in its.arrivals if one.t <= world.end and one.retained]
    return word if heard - max(last, back, *copies) >= expectation.listens_on else undecided.a_copy_came(word)


def _came_back(its: Subscription, world: World) -> float:
    stays = [stay for stay in its.stays if stay.begin <= world.end]
    return max(
        (
            after.begin
            for before, after in pairwise(stays)
            if before.how == "lost" or (its.durable and before.how == "disconnected")
        ),
        default=-inf,
    )


def _stays(its: Subscription, world: World) -> bool:
    last = last_stay(its, world)
    return last.end > world.end or last.how == "lost"


def _silence(expectation: AskedExpectation, group: Group) -> Word:
    world = group.world
    for its in group.members:
        for one in its.arrivals:
            of = expectation.destination is None or hears(expectation.destination, one.message.publication.destination)
            if one.t <= world.end and of:
                return FAILED
    strange = undecided.strange_in_silence(expectation, group)
    if strange != PASSED:
        return strange
    heard = min(_heard_until(each, world) for each in group.members)
    first = min(each.stays[0].begin for each in group.members)
    in_vain = False
    could: list[float] = []
    doubtful: list[float] = []
    for message in group.messages(expectation.destination):
        expecting = group.expecting(message)
        taken = arrivals(group.sharing(message), message, world)
        if not expecting or expired(group, message) or (taken and taken[0].t < first):
            continue
        ats = (
            [message.sent]
            if expecting[0].queue
            else [t for its in expecting for t, _ in since_when(its, message, world)]
        )
        if not any(at < heard and (its.queue or not _cut_off(its, at)) for at in ats for its in expecting):
            continue
        if all(_kept_in_vain(its, world) and last_stay(its, world).end <= message.sent for its in expecting):
            continue
        in_vain |= all(_kept_in_vain(its, world) for its in expecting)
        if message.known and message.answered <= world.end:
            could.append(max(ats))
        elif message.outcome != "failed" or message.answered > world.end:
            doubtful.append(max(ats))
    if not could:
        return UNKNOWN
    watched = min(heard, world.end)
    if undecided.silent(group, min(could), watched):
        return UNKNOWN
    loosely = watched - max(*could, *doubtful, 0) >= expectation.within
    strictly = loosely and not in_vain and all(len(each.stays) == 1 for each in group.members)
    return undecided.listened_again(strictly, loosely)


def _kept_in_vain(its: Subscription, world: World) -> bool:
    """Return whether a durable subscriber went and did not come back."""
    last = last_stay(its, world)
    return its.durable and last.end <= world.end and last.how != "unsubscribed"


def _cut_off(its: Subscription, t: float) -> bool:
    """Return whether a client that nobody keeps anything for had lost its connection."""
    return its.there(t) is None and not its.durable


def _heard_until(its: Subscription, world: World) -> float:
    last = last_stay(its, world)
    return last.end if last.end <= world.end else inf


def _duplicates(expectation: AskedExpectation, group: Group) -> Word:
    came = any(arrivals(group.members, each, group.world) for each in group.messages(expectation.destination))
    if not came:
        return UNKNOWN
    if _again(expectation, group) > expectation.at_most:
        return FAILED
    return worst([_quiet(expectation, group), *undecided.strangers(group, [PASSED])])


def _ordered(expectation: AskedExpectation, group: Group) -> Word:
    world, came = group.world, False
    for its in group.members:
        tops: dict[tuple[str, str], tuple[int, int]] = {}
        known: set[int] = set()
        for one in its.arrivals:
            its_step = one.message.publication
            producer, place = (its_step.client, its_step.destination), (its_step.step, one.message.number)
            of = expectation.destination is None or hears(expectation.destination, one.message.publication.destination)
            if one.t > world.end or not of:
                continue
            came |= not one.given_back <= world.end
            if id(one.message) in known:
                continue
            known.add(id(one.message))
            if one.retained:
                continue  # a broker gives that at once, ahead of what it kept
            back = any(
                each.message is one.message and each.given_back < one.t
                for beside in world.subscriptions
                for each in beside.arrivals
            )
            if place < tops.get(producer, (0, 0)) and not back:
                return FAILED
            tops[producer] = max(tops.get(producer, (0, 0)), place)
    return PASSED if came else UNKNOWN


def _latency(expectation: AskedExpectation, group: Group) -> Word:
    took = []
    for message in group.messages(None):
        if came := arrivals(group.members, message, group.world):
            its = next(each for each in group.members if came[0] in each.arrivals)
            if message.sent in could_have_come(its, message, came[0].t, group.world):
                took.append(came[0].t - message.sent)
    if not took:
        return UNKNOWN
    took.sort()
    name, bound = expectation.bound
    if name == "at-least":
        return PASSED if took[0] >= bound else FAILED
    figure = took[-1] if name == "max" else took[ceil(len(took) * float(name[1:]) / 100) - 1]
    lasts = name == "max" or group.world.complete  # of a percentile messages that come later may be faster
    return PASSED if figure <= bound else FAILED if lasts else UNKNOWN


_OF_A_GROUP: dict[str, Callable[[AskedExpectation, Group], Word]] = {
    "delivered": _delivered,
    "duplicates": _duplicates,
    "ordered": _ordered,
    "latency": _latency,
    "recovered": recovered,
}
