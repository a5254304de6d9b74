"""The messages that each of a queue's subscribers received: those that went to others, and each one's number."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from lab.history.expected.records import Subscription
from lab.judge.evidence.evidence import Chosen
from lab.judge.evidence.tally import Tally


def went_to_others(
    chosen: Chosen, *, whole: bool, once: bool, due: float
) -> tuple[list[tuple[Tally, int]], list[tuple[Tally, int]]]:
    """Return the messages expected by an audience that other consumers of its queue kept, or perhaps kept.

    `whole` is whether the history is complete. In a history that is cut short, a message that was not acknowledged may
    still be given back, and an acknowledged one may still come again. That is excluded if each message comes at most
    `once`, or if its time was over at `due`.
    """
    found = [(tally, number) for tally in chosen.tallies for number in tally.elsewhere]
    pending = {position for other in chosen.audience.others for position in other.pending}
    for_good: list[tuple[Tally, int]] = []
    open_: list[tuple[Tally, int]] = []
    for tally, number in found:
        settled = once and (tally.publication.step << 32) + number not in pending
        (for_good if whole or settled or tally.due(number) <= due else open_).append((tally, number))
    return for_good, open_


def went_before(chosen: Chosen) -> set[tuple[int, int]]:
    """Return step and number of each message that others of a queue received before any of an audience listened."""
    begin = min((start for member in chosen.audience.members for start, _ in member.windows), default=inf)
    found = set()
    for tally in chosen.tallies:
        step = tally.publication.step
        having = [other.arrivals[step] for other in chosen.audience.others if step in other.arrivals]
        for number in tally.elsewhere:
            if any(each.times[number] and each.first_at[number] < begin for each in having):
                found.add((step, number))
    return found


def takers(chosen: Chosen, messages: Sequence[tuple[Tally, int]], since: float = -inf) -> list[str]:
    """Return the clients, of those not meant, that received any of some messages after a moment."""
    names = [
        other.client
        for other in chosen.audience.others
        if any(_came(other, tally.publication.step, number, since) for tally, number in messages)
    ]
    return list(dict.fromkeys(names))


def share(client: str, chosen: Sequence[Chosen]) -> int:
    """Count the messages of several audiences that a client received, each once."""
    found = 0
    for each in chosen:
        for tally in each.tallies:
            for member in each.audience.members:
                if member.client == client and tally.publication.step in member.arrivals:
                    times = member.arrivals[tally.publication.step].times[tally.publication.first :]
                    found += len(times) - times.count(0)
    return found


def _came(member: Subscription, step: int, number: int, since: float) -> bool:
    arrivals = member.arrivals.get(step)
    if arrivals is None or number >= len(arrivals.times):
        return False
    return arrivals.times[number] > 0 and arrivals.first_at[number] >= since
