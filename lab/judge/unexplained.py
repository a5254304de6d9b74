"""Arrivals that belong to no message of the run: each may be one of its bodies, changed on the way."""

from __future__ import annotations

from lab.base.units import several
from lab.history.expected.entitlement import carries_id
from lab.judge.evidence.evidence import Chosen
from lab.judge.wording import listed


def unexplained(chosen: Chosen) -> int:
    """Return how many arrivals may be bodies without an id that an audience was sent; 0 if all bodies have theirs."""
    bodies = (tally for tally in chosen.tallies if tally.publication.digests is not None)
    known = (tally for tally in bodies if not carries_id(tally.publication, tally.members))
    if not any(tally.eligible or tally.first_arrival for tally in known):
        return 0
    return sum(member.unexplained for member in chosen.audience.members)


def in_words(chosen: Chosen, so: str) -> str:
    """Return in words that arrivals may be bodies changed on the way, which leaves `so` unknown; "" if not."""
    number = unexplained(chosen)
    if not number:
        return ""
    who = listed([member.client for member in chosen.audience.members if member.unexplained])
    they = "it may be a message of the run" if number == 1 else "they may be messages of the run"
    return (
        f"{who} received {several(number, 'message')} whose body no step of this run sent: {they}, changed on the way, "
        f"and {so} is unknown"
    )
