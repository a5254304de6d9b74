"""The quiet after the last message, in which a duplicate would have come."""

from __future__ import annotations

from datetime import timedelta

from lab.base import units
from lab.history.expected.records import is_queue
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.wording import gap, moment


def not_quiet(quiet: timedelta, chosen: Chosen, evidence: Evidence) -> str:
    """Return that an audience was listened to for less than `quiet` after its last message; "" if for as long.

    A client that left by a step of the scenario hears no duplicate any more. One that lost its connection may.
    """
    end, last = evidence.timeline.end, _last_arrival(chosen)
    staying = [member for member in chosen.audience.members if not member.left]
    if not quiet or last is None or not staying:
        return ""
    # What is in a queue may come to any of those that take from it.
    which = max if all(is_queue(member.destination) for member in staying) else min
    first = which(staying, key=lambda member: member.heard_until)
    heard, since = min(end, first.heard_until), max(last, *(member.came_back for member in staying))
    if heard - since >= quiet.total_seconds():
        return ""
    whole = units.format_duration(quiet)
    if heard < end:
        how = "lost its connection" if first.disconnected_since <= heard else "was last known to listen"
        return (
            f"{first.client} {how} at {moment(heard)}, the last message came at {moment(last)}, and quiet is {whole}: "
            "one may come once more"
        )
    what = "the last message came" if since == last else "one who was to hear it had come back"
    return (
        f"the history ends {gap(max(end - since, 0))} after {what} at {moment(since)}, and quiet is {whole}: one may "
        "come once more"
    )


def in_words(quiet: timedelta | None, chosen: Chosen, evidence: Evidence) -> str:
    """Return, as the end of a sentence, how long an audience listened after its last message; "" without `quiet`."""
    if quiet is None:
        return ""
    if chosen.audience.until < evidence.timeline.end:
        return f"; listened until {moment(chosen.audience.until)}, when it left"
    if all(member.left for member in chosen.audience.members):
        return (
            f"; listened until {moment(max(each.disconnected_since for each in chosen.audience.members))}, when it left"
        )
    return f"; listened on for {units.format_duration(quiet)} after the last one came"


def _last_arrival(chosen: Chosen) -> float | None:
    """Return when the audience's last message was first received, in seconds; None if none was."""
    steps = [tally.publication.step for tally in chosen.tallies]
    members = chosen.audience.members
    if len(chosen.audience.names) == len(members):
        of_members = (each.arrivals[step] for each in members for step in steps if step in each.arrivals)
        return max((its.first_at[n] for its in of_members for n, times in enumerate(its.times) if times), default=None)
    firsts: dict[tuple[int, int], float] = {}  # by step and number: a client may receive it for several subscriptions
    for member in members:
        for step in steps:
            for number, times in enumerate(member.arrivals[step].times if step in member.arrivals else ()):
                if times:
                    first = member.arrivals[step].first_at[number]
                    firsts[step, number] = min(first, firsts.get((step, number), first))
    return max(firsts.values(), default=None)
