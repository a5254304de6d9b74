"""The rules by which a history does not decide what the truth does: each says why, and which words it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.judge.truths.asked_expectation import AskedExpectation
from tests.judge.truths.expecting import Group, arrivals, is_busy, last_stay
from tests.judge.truths.scene import NOTICED, Arrival, Message, World, as_text
from tests.judge.truths.words import FAILED, PASSED, UNKNOWN, Word, worst


def under_way() -> Word:
    """A message that had not come when its client left, or the history ended, before its time was over: unknown."""
    return UNKNOWN


def kept_for_nobody() -> Word:
    """What did not reach a durable subscriber that never came back waits at a broker, for all that is known."""
    return UNKNOWN


def perhaps_retained() -> Word:
    """Of a retained message without a known outcome it is unknown whether it, or the one before, was retained."""
    return UNKNOWN


def of_several(words: Sequence[Word]) -> Word:
    """A message is lost to several if one of them listened for long enough; if it may wait for one, it is not known."""
    if FAILED in words:
        return FAILED if all(word == FAILED for word in words) else FAILED | UNKNOWN
    return worst(words)


def either(words: Iterable[Word]) -> Word:
    """A message that could come at several moments has its time from any of them."""
    return frozenset().union(*words)


def may_be_over(message: Message, due: float) -> Word:
    """A message whose time to live ended may have been dropped rightly; before that it was late all the same."""
    return FAILED | UNKNOWN if due <= message.over else UNKNOWN


def queue_before_anybody(from_sending: Word, from_coming: Word) -> Word:
    """The time of a message that waited in a queue for the first subscriber counts from its sending, or from then."""
    return from_sending | from_coming


def nobody_for_long_enough(word: Word) -> Word:
    """What a queue kept while its subscribers came and went is late from its sending, and not from when they came."""
    return word | UNKNOWN


def nothing_expected(word: Word) -> Word:
    """Of messages that nobody is known to have accepted, a duplicate or a late one may be told, and need not be."""
    return UNKNOWN | (word - PASSED)


def nothing_came(word: Word, group: Group) -> Word:
    """Where nothing came, nothing could come twice."""
    return UNKNOWN


def may_yet_be_given_back(
    expectation: AskedExpectation, message: Message, taken: Sequence[Arrival], group: Group
) -> Word:
    """Where a history is cut short, what another had may yet come to those meant: given back, or a second time.

    Its time may be over; of those meant who had left by then, the history may leave it open.
    """
    world = group.world
    if world.complete:
        return FAILED
    if message.sent + expectation.within <= world.end:
        gone = all(last_stay(its, world).end <= world.end for its in group.members)
        return FAILED | UNKNOWN if gone else FAILED
    open_ = any(each.pending and not (each.settled is not None and each.settled <= world.end) for each in taken)
    return UNKNOWN if open_ or expectation.promise == "at-least-once" else FAILED


def alike(group: Group, messages: Iterable[Message], world: World) -> bool:
    """Of equal bodies that clients know by their digest alone it is not known which came; unless counting decides."""
    everybody = [*group.members, *group.others]

    def bodies(message: Message) -> set[bytes]:
        unnamed = any(each.knows(message.publication) != "id" for each in everybody if each.wants(message.publication))
        return {message.body, as_text(message.body)} if unnamed and message.body is not None else set()

    every = [(message, its) for message in group.messages(None) if (its := bodies(message))]
    return any(its & bodies(message) for message in messages for other, its in every if other is not message)


def perhaps_accepted(message: Message, world: World) -> bool:
    """An arrival shows that a broker accepted a message without an acknowledgement; of equal bodies not which one."""
    if message.body is None or (message.known and message.answered <= world.end):
        return False
    own = {message.body, as_text(message.body)}
    others = [each.body for each in world.messages if each is not message and each.body is not None]
    equal = any(own & {body, as_text(body)} for body in others)
    came = [one for its in world.subscriptions for one in its.arrivals if one.by != "id" and one.t <= world.end]
    return equal and any(
        one.message.body is not None and own & {one.message.body, as_text(one.message.body)} for one in came
    )


def sent_just_before(group: Group, messages: Iterable[Message], world: World) -> bool:
    """Of equal bodies one sent just before its subscription was confirmed, that came, is taken for a later one."""
    messages = list(messages)
    return any(
        arrivals(group.members, message, world) and not group.expecting(message)
        for message in messages
        if message.body is not None and alike(group, [message], world)
    )


def idle_beside_others(group: Group, destination: str | None) -> bool:
    """A queue that a client shares, with no message for that client, may count as an expectation's subject."""
    whole = Group(group.world, [*group.members, *group.others])
    return bool(group.others) and not is_busy(group, destination) and is_busy(whole, destination)


def not_told(word: Word) -> Word:
    """Where bodies are equal, the history may say the truth, or that it cannot tell."""
    return word | UNKNOWN


def strangers(group: Group, words: Sequence[Word]) -> list[Word]:
    """An arrival whose body no step sent may be any message of its subscription without an id, changed on the way."""
    world = group.world
    strange = [its for its in group.members if any(t <= world.end for t in its.strange)]
    given = any(
        one.wants(its) and one.knows(its) != "id" and its.begin <= world.end
        for its in world.publications
        for one in strange
    )
    return [word | UNKNOWN for word in words] or [PASSED] if given else list(words)


def strange_in_silence(expectation: AskedExpectation, group: Group) -> Word:
    """Where nothing was to come, a message that no step sent breaks that; on a wildcard's it may be another topic's."""
    found = [its for its in group.members if any(t <= group.world.end for t in its.strange)]
    if not found:
        return PASSED
    return FAILED if any(expectation.destination in (None, its.destination) for its in found) else UNKNOWN


def silent(group: Group, begin: float, end: float) -> bool:
    """While a subscriber's broker does not answer, and no step made it so, it is not known that nothing was to come."""
    brokers = {each.broker for each in group.members}
    told = [each for each in group.world.silences if each.begin + NOTICED <= group.world.end]
    return any(each.broker in brokers and each.begin < end and each.end > begin for each in told)


def listened_again(strictly: bool, loosely: bool) -> Word:
    """Silence is proven by listening on after the last message; of earlier ones a pause may have hidden some."""
    if strictly:
        return PASSED
    return PASSED | UNKNOWN if loosely else UNKNOWN


def left_meanwhile() -> Word:
    """Where those meant left before the time was over, a message may have been under way to them."""
    return FAILED | UNKNOWN


def no_share_can_be_right() -> Word:
    """Where messages may yet come that cannot make a share right, the history may say so, and need not."""
    return FAILED | UNKNOWN


def only_a_copy_came(word: Word) -> Word:
    """Another copy of a message that had come before may count as the first message after a step, or not."""
    return word | PASSED


def a_copy_came(word: Word) -> Word:
    """After a retained copy of a message that had come before, one more may be listened for, or not."""
    return word | UNKNOWN
