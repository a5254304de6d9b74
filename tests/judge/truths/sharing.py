"""The truth's word on shares: how many of a queue's messages one of its subscribers received."""

from __future__ import annotations

from fractions import Fraction
from math import inf

from tests.judge.truths import undecided
from tests.judge.truths.asked_expectation import AskedExpectation
from tests.judge.truths.expecting import accepted, arrivals, at_work, groups, windows
from tests.judge.truths.scene import World
from tests.judge.truths.words import FAILED, PASSED, UNKNOWN, Word, worst


def share_of(expectation: AskedExpectation, world: World) -> Word:
    """Return the word on the shares of an expectation. Each message that the subscribers received counts once."""
    found = at_work(groups(world, (), expectation.destination, together=False), expectation.destination)
    if not found:
        return UNKNOWN
    (group,) = found
    messages = list(group.messages(expectation.destination))
    came = [message for message in messages if arrivals(group.members, message, world)]
    missing = [
        message for message in messages if message not in came and group.expecting(message) and accepted(message, world)
    ]
    pending = sum(message.sent + expectation.within > world.end for message in missing)
    if world.complete and all(spans[-1][1] < inf for each in group.members if (spans := windows(each, world.end))):
        pending = 0  # all have left, so nobody can receive any
    words: list[Word] = []
    for name, low, high in expectation.shares:
        if name not in group.names:
            return UNKNOWN
        members = [each for each in group.members if each.client == name]
        count = sum(bool(arrivals(members, message, world)) for message in came)
        if not came:
            words.append(UNKNOWN)
            continue
        words.append(_word(low, high, count, len(came), pending))
    word = worst(words)
    if undecided.alike(group, messages, world):
        return undecided.not_told(word) - FAILED | UNKNOWN
    return UNKNOWN if not world.complete else word


def _word(low: str, high: str, count: int, whole: int, pending: int) -> Word:
    """Return whether a share is within its bounds, whoever receives what may yet come."""
    now = _within(low, high, count, whole)
    always = {_within(low, high, count + own, whole + all_) for all_ in range(pending + 1) for own in range(all_ + 1)}
    if len(always) > 1:
        return UNKNOWN
    return PASSED if now else FAILED if not pending else undecided.no_share_can_be_right()


def _within(low: str, high: str, count: int, whole: int) -> bool:
    return (not low or count >= _number(low, whole)) and (not high or count <= _number(high, whole))


def _number(text: str, whole: int) -> Fraction:
    return Fraction(text[:-1]) / 100 * whole if text.endswith("%") else Fraction(text)
