"""Messages that brokers dispatched to applications without an acknowledgement: each may have reached its client."""

from __future__ import annotations

from collections.abc import Sequence

from lab.judge.evidence.audiences import Audience
from lab.judge.evidence.tally import Tally
from lab.judge.wording import listed, moment

Message = tuple[Tally, int]
REMEDY = "to count dispatches, write delivered-when: dispatched at the client"


def apart(messages: Sequence[Message]) -> tuple[list[Message], list[Message]]:
    """Return those messages that their receivers certainly do not have, and those that they may have."""
    certain: list[Message] = []
    perhaps: list[Message] = []
    for tally, number in messages:
        (perhaps if not tally.alike and tally.dispatched(number) else certain).append((tally, number))
    return certain, perhaps


def in_words(audience: Audience, messages: Sequence[Message], expected: int) -> str:
    """Return that messages were dispatched to an audience and not acknowledged, with the first one."""
    tally, number = min(messages, key=lambda each: each[0].publication.sent_at[each[1]])
    were = "were" if len(messages) > 1 else "was"
    names = [member.client for member in tally.members if (tally.publication.step << 32) + number in member.dispatched]
    who = listed(list(dict.fromkeys(names)) if len(messages) == 1 else list(audience.names))
    return (
        f"{len(messages)} of {expected} {were} dispatched to {who} and not acknowledged, first "
        f"{tally.publication.named(number)} sent at {moment(tally.publication.sent_at[number])}, so it is unknown "
        f"whether {who} received {'them' if len(messages) > 1 else 'it'}"
    )
