"""The quiet after the last message, in which a duplicate would have come."""

from __future__ import annotations

from datetime import timedelta

from lab import units
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.wording import gap, moment


def not_quiet(quiet: timedelta | None, chosen: Chosen, evidence: Evidence) -> str:
    """Return that an audience was listened to for less than `quiet` after its last message; "" if for as long.

    Whoever left by a step of the scenario hears no duplicate any more.
    """
    heard, end = chosen.audience.until, evidence.timeline.end
    last = _last_receipt(chosen)
    if quiet is None or last is None or heard < end or end - last >= quiet.total_seconds():
        return ""
    return (
        f"the history ends {gap(end - last)} after the last message came at {moment(last)}, and quiet is "
        f"{units.format_duration(quiet)}: one may come once more"
    )


def in_words(quiet: timedelta | None, chosen: Chosen, evidence: Evidence) -> str:
    """Return, as the end of a sentence, how long an audience listened after its last message; "" if nobody asked."""
    if quiet is None:
        return ""
    if chosen.audience.until < evidence.timeline.end:
        return f"; listened until {moment(chosen.audience.until)}, when it left"
    return f"; listened on for {units.format_duration(quiet)} after the last one came"


def _last_receipt(chosen: Chosen) -> float | None:
    """Return when the audience's last message was first received, in seconds; None if none was."""
    steps = [tally.publication.step for tally in chosen.tallies]
    return max(
        (
            receipts.first_at[number]
            for member in chosen.audience.members
            for step in steps
            if (receipts := member.receipts.get(step)) is not None
            for number, times in enumerate(receipts.times)
            if times
        ),
        default=None,
    )
