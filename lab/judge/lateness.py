"""Messages that came, and took longer than a promise allows."""

from __future__ import annotations

from lab import units
from lab.declare.expectations.delivered import Delivered
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.evidence.tally import Tally
from lab.judge.wording import gap, listed, moment


def since(tally: Tally, number: int) -> str:
    """Return from when the time of a message counts, in words."""
    return "from when it could be delivered" if number in tally.kept else "from its sending"


def late(claim: Delivered, chosen: Chosen, evidence: Evidence) -> str:
    """Return in words the messages that took longer than `within`; "" if there are none."""
    within = claim.within.total_seconds()
    found = [
        (tally.publication.sent_at[number], tally, number, took)
        for tally in chosen.tallies
        for number, took in tally.waits()
        if took > within
    ]
    if not found:
        return ""
    sent, tally, number, took = min(found, key=lambda each: each[0])
    slowest = max(took for *_, took in found)
    near = evidence.causes.of_way(chosen.audience, tally.publication, sent, sent + took)
    more = f", the slowest took {gap(slowest)}" if len(found) > 1 else ""
    allowed = f"{units.format_duration(claim.within)} {since(tally, number)}"
    return (
        f"{len(found)} late to {listed(list(chosen.audience.names))} (allowed are {allowed}"
        f"{more}), first {tally.publication.named(number)} took {gap(took)}, sent at {moment(sent)}{near}"
    )
