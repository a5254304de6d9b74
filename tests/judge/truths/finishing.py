"""The truth's word on finished: how long it took until the last message of a step had come."""

from __future__ import annotations

from collections.abc import Sequence

from tests.judge.truths import undecided
from tests.judge.truths.asked_expectation import AskedExpectation
from tests.judge.truths.expecting import (
    PERHAPS,
    SURELY,
    Group,
    accepted,
    arrivals,
    at_work,
    expected_by,
    expired,
    groups,
    last_stay,
    short,
)
from tests.judge.truths.scene import Message, World
from tests.judge.truths.words import FAILED, PASSED, UNKNOWN, Word, no_better


def never_subscribed(expectation: AskedExpectation, found: Sequence[Group]) -> list[str]:
    """Return the names of an expectation that no group has; with `any`, none if one of them has a group."""
    present = set().union(*(each.names for each in found))
    return [] if expectation.any and present else [name for name in expectation.to if name not in present]


def finished(expectation: AskedExpectation, world: World) -> Word:
    """Return the word on the time from the beginning of a step to the last first arrival of its messages."""
    its = next((each for each in world.publications if each.step == expectation.step), None)
    if its is None or its.begin > world.end:
        return UNKNOWN
    found = at_work(groups(world, expectation.to, its.destination, together=False), its.destination)
    if never_subscribed(expectation, found):
        return UNKNOWN
    messages = [each for each in its.messages if each.sent <= world.end]
    came: list[float] = []
    missing = under_way = 0
    equal = False
    for group in found:
        expected_here = 0
        for message in messages:
            its_own = arrivals(group.members, message, world)
            if its_own:
                came.append(its_own[0].t)
                expected_here += 1
            elif arrivals(group.sharing(message), message, world):
                if group.expecting(message):
                    return UNKNOWN
            elif what := _missing(group, message):
                missing += what == "lost"
                under_way += what == "unsure"
                expected_here += 1
        if not expected_here:
            return UNKNOWN
        equal |= undecided.alike(group, messages, world)
    equal |= any(undecided.perhaps_accepted(message, world) for message in messages)
    if under_way or not (came or missing):
        return UNKNOWN
    word = _compare(expectation, world, came, missing, its.begin)
    word = undecided.not_told(word) if equal else word
    return no_better(word) if not world.complete or short(its, world) else word


def _missing(group: Group, message: Message) -> str:
    """Return whether a message that did not come is "lost", or "unsure": perhaps not expected, or kept; else ""."""
    world = group.world
    expecting = group.expecting(message)
    if not expecting or not accepted(message, world) or expired(group, message):
        return ""
    if message.over <= world.end or all(expected_by(each, message, world) == PERHAPS for each in expecting):
        return "unsure"
    away = [each for each in expecting if each.durable and last_stay(each, world).end <= world.end]
    if any(last_stay(each, world).how != "unsubscribed" for each in away):
        return "unsure"
    return "lost" if any(expected_by(each, message, world) == SURELY for each in expecting) else ""


def _compare(expectation: AskedExpectation, world: World, came: Sequence[float], missing: int, begin: float) -> Word:
    took = (world.end if missing else max(came, default=world.end)) - begin
    name, bound = expectation.bound
    if name == "at-most" and took > bound:
        return FAILED
    if missing:
        return UNKNOWN
    if name == "at-least" and took < bound:
        return FAILED if world.complete else UNKNOWN  # others of the step's messages may come later
    return PASSED
