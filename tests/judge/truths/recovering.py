"""The truth's word on recovered: how soon after a link was cut or healed a message came again."""

from __future__ import annotations

from math import inf

from tests.judge.truths import undecided
from tests.judge.truths.asked_expectation import AskedExpectation
from tests.judge.truths.expecting import Group, accepted, arrivals, last_stay, since_when
from tests.judge.truths.words import FAILED, PASSED, UNKNOWN, Word


def recovered(expectation: AskedExpectation, group: Group) -> Word:
    """Return the word on one group: the first message that came after the last such step, given back later or not."""
    world = group.world
    steps = world.cuts_by(expectation.after)
    if not steps:
        return UNKNOWN
    begin, first, again, on_its_way, under_way = steps[-1], inf, inf, False, False
    for message in group.messages(expectation.destination):
        came = sorted(
            one.t for its in group.members for one in its.arrivals if one.message is message and one.t <= world.end
        )
        first = min([first, *(t for t in came[:1] if t >= begin), *_after_a_return(group, message, begin)])
        again = min([again, *(t for t in came if t >= begin)])
        if came or message.over <= world.end or not group.expecting(message) or not accepted(message, world):
            continue
        if arrivals(group.sharing(message), message, world):
            continue
        late = [since for its in group.expecting(message) for since in ([message.sent] if its.queue else
                [t for t, _ in since_when(its, message, world)]) if since >= begin]  # fmt: skip
        kept = message.publication.queue and message.publication.persistent
        if kept or late:
            on_its_way = True
            under_way |= any(its.durable and last_stay(its, world).end <= world.end for its in group.expecting(message))
            under_way |= any(_gone(group) < since + expectation.within for since in late or [begin])
    if first - begin <= expectation.within:
        return PASSED
    word = UNKNOWN
    if (first < inf or on_its_way) and world.end >= begin + expectation.within:
        word = undecided.left_meanwhile() if first == inf and under_way else FAILED
    return undecided.only_a_copy_came(word) if again - begin <= expectation.within else word


def _after_a_return(group: Group, message: object, begin: float) -> list[float]:
    """Return when a message came that had been given back, after a moment: it counts anew."""
    found = sorted((one.t, one.given_back) for its in group.members for one in its.arrivals if one.message is message)
    return [t for place, (t, _) in enumerate(found) if t >= begin and t <= group.world.end
            and (place == 0 or found[place - 1][1] < t)]  # fmt: skip


def _gone(group: Group) -> float:
    """Return when the last of the group had gone; infinity if one was there to the end."""
    world = group.world
    return max((stay.end if (stay := last_stay(its, world)).end <= world.end else inf) for its in group.members)
