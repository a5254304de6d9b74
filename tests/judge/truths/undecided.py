"""The rules by which a history does not decide what the truth does: each says why, and which words it leaves."""

from __future__ import annotations

from collections.abc import Iterable

from tests.judge.truths.owing import Group, receipts
from tests.judge.truths.scene import Message, World
from tests.judge.truths.words import UNKNOWN, Word


def under_way(word: Word) -> Word:
    """A message that had not come when its client left, or the history ended, before its time was over: unknown."""
    return UNKNOWN | (word & frozenset())


def kept_for_nobody(surely_lost: bool) -> Word:
    """What did not reach a durable subscriber that never came back waits at a broker, for all that is known."""
    return frozenset(("broken", "unknown")) if surely_lost else UNKNOWN


def may_be_over(message: Message, due: float, end: float) -> Word:
    """A message whose time to live ended may have been dropped rightly; not if that came after the history's end."""
    if message.over > end:
        return frozenset(("broken",))
    return frozenset(("broken", "unknown")) if due <= message.over else UNKNOWN


def queue_before_anybody(from_sending: Word, from_coming: Word) -> Word:
    """The time of a message that waited in a queue for the first subscriber counts from its sending, or from then on."""
    return from_sending | from_coming


def nothing_owed(word: Word) -> Word:
    """Of messages that nobody is known to have accepted, a duplicate or a late one may be told, and need not be."""
    return UNKNOWN | (word - {"held"})


def alike(group: Group, messages: Iterable[Message], world: World) -> bool:
    """Of equal bodies that clients know by their digest alone it is not known which came; unless counting decides."""
    seen: set[str] = set()
    for message in messages:
        if not message.body:
            continue
        if any(each.by == "id" for each in receipts([*group.members, *group.others], message, world)):
            continue
        if message.body in seen:
            return True
        seen.add(message.body)
    return False


def not_told(word: Word) -> Word:
    """Where bodies are equal, the history may say the truth, or that it cannot tell."""
    return word | UNKNOWN


def listened_again(strictly: bool, loosely: bool) -> Word:
    """Silence is proven by listening on after the last message; of earlier ones a pause may have hidden some."""
    if strictly:
        return frozenset(("held",))
    return frozenset(("held", "unknown")) if loosely else UNKNOWN
