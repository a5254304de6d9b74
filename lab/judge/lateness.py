"""Messages that took longer than a promise allows: those that came, and those whose time is over without them."""

from __future__ import annotations

from lab.base import units
from lab.declare.expectations.messages import Delivered
from lab.history.expected.entitlement import due_at, had_time
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.evidence.tally import Tally
from lab.judge.wording import gap, listed, moment


def since(tally: Tally, number: int) -> str:
    """Return from when the time of a message counts, in words."""
    return "from when it could be delivered" if number in tally.kept else "from its sending"


def late(expectation: Delivered, chosen: Chosen, evidence: Evidence) -> str:
    """Return in words the messages that took longer than `within`; "" if there are none."""
    within = expectation.within.total_seconds()
    found = [
        (tally.publication.sent_at[number], tally, number, took)
        for tally in chosen.tallies
        for number, took in tally.waits()
        if took > within + evidence.clock_error(tally)
    ]
    if not found:
        return ""
    sent, tally, number, took = min(found, key=lambda each: each[0])
    slowest = max(took for *_, took in found)
    near = evidence.causes.of_way(chosen.audience, tally.publication, sent, sent + took)
    more = f", the slowest took {gap(slowest)}" if len(found) > 1 else ""
    allowed = f"{units.format_duration(expectation.within)} {since(tally, number)}"
    return (
        f"{len(found)} late to {listed(list(chosen.audience.names))} (allowed are {allowed}"
        f"{more}), first {tally.publication.named(number)} took {gap(took)}, sent at {moment(sent)}{near}"
    )


def perhaps_late(expectation: Delivered, chosen: Chosen, evidence: Evidence) -> str:
    """Return in words the messages that were late or not, as the clocks of brokers differ; "" if there are none."""
    within = expectation.within.total_seconds()
    found = [
        (tally.publication.sent_at[number], tally.publication.named(number), took, error)
        for tally in chosen.tallies
        if (error := evidence.clock_error(tally))
        for number, took in tally.waits()
        if within - error < took <= within + error
    ]
    if not found:
        return ""
    sent, name, took, error = min(found)
    return (
        f"{name}, sent at {moment(sent)}, took {gap(took)} to {listed(list(chosen.audience.names))}, give or take "
        f"{gap(error)} as the brokers' clocks differ: it is unknown whether it was late (allowed are "
        f"{units.format_duration(expectation.within)})"
    )


def overdue(chosen: Chosen, within: float, watched: float) -> tuple[list[tuple[Tally, int]], list[tuple[Tally, int]]]:
    """Return the lost messages that had `within` to come, and those that had not; each in order of sending."""
    gone: list[tuple[Tally, int]] = []
    pending: list[tuple[Tally, int]] = []
    open_ = 0  # equal bodies any of which may be the missing one, and that had not `within` to come
    for tally in chosen.tallies:
        its, destination = tally.publication, tally.publication.destination
        certain = had_time(tally.members, destination, within, watched)
        for number in tally.lost if not tally.alike else ():
            (gone if certain(tally.due(number)) else pending).append((tally, number))
        for number in range(its.first, its.last + 1) if tally.alike else ():
            due = tally.due(number)
            open_ += its.accepted(number) and due_at(tally.members, destination, due) and not certain(due)
    alike = [(tally, number) for tally in chosen.tallies if tally.alike for number in tally.lost]
    sure = max(len(alike) - open_, 0)
    gone += alike[:sure]
    pending += alike[sure:]
    gone.sort(key=sent_at)
    pending.sort(key=sent_at)
    return gone, pending


def sent_at(message: tuple[Tally, int]) -> float:
    """Return the moment of sending, in seconds."""
    tally, number = message
    return tally.publication.sent_at[number]
