"""Judge of the expectation `recovered`: the time from a step to each audience's next message."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from lab.activemq.destinations import destination_of
from lab.base import units
from lab.base.units import several
from lab.declare.expectations.recovered import Recovered
from lab.history.expected.records import Publication, is_queue
from lab.judge.equal_bodies import EQUAL
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.evidence.queues import whereabouts
from lab.judge.evidence.sharing import takers
from lab.judge.evidence.step_taken import StepTaken
from lab.judge.expectations.base import evidence_ends, judges, measurements
from lab.judge.expectations.receivers import until_all_came
from lab.judge.findings import Finding, combine, never_subscribed
from lab.judge.values import Outcome
from lab.judge.wording import gap, listed, moment

UNTOLD = "one that was given back"  # in the place of an id


@judges.register(Recovered)
def judge_recovered(expectation: Recovered, evidence: Evidence) -> Finding:
    """Judge how soon the first message arrived after the last step of the verb."""
    step = evidence.timeline.last_step(expectation.after)
    if step is None:
        return Outcome.UNKNOWN, f"no step {expectation.after} was taken"
    destination = destination_of(expectation)
    chosen = evidence.chosen(expectation.to, destination)
    findings = never_subscribed(expectation.to, chosen, anyone=f" to {destination}" if destination else "")
    return combine([*findings, *(_judge_one(expectation, each, step, evidence) for each in chosen)], evidence)


@evidence_ends.register(Recovered)
def until_recovered(expectation: Recovered, evidence: Evidence) -> float:
    """Return when the last of its messages was sent or came, in seconds; infinity if one did not come."""
    return until_all_came(expectation, evidence)


@measurements.register(Recovered)
def measured_recovered(expectation: Recovered, evidence: Evidence) -> Iterator[tuple[float, float]]:
    """Yield the time until each audience's first message, with the time allowed; in seconds."""
    step = evidence.timeline.last_step(expectation.after)
    if step is None:
        return
    for each in evidence.chosen(expectation.to, destination_of(expectation)):
        if (first := min(_arrivals(each, step.done), default=None)) is not None:
            yield first[0] - step.done, expectation.within.total_seconds()


def _judge_one(expectation: Recovered, chosen: Chosen, step: StepTaken, evidence: Evidence) -> Finding:
    who, begin, end = listed(list(chosen.audience.names)), step.done, evidence.timeline.end
    within = expectation.within.total_seconds()
    after = f"after {expectation.after} at {moment(begin)}"
    first = min(_arrivals(chosen, begin), default=None)
    if first is not None and first[0] - begin <= within:
        t, id, sent = first  # noqa: A001 (its name everywhere)
        which = id if id in (EQUAL, UNTOLD) else f"{id}, sent at {moment(sent)}"
        return Outcome.PASSED, f"the first message to {who} came {gap(t - begin)} {after}: {which}"
    first = min(_arrivals(chosen, begin, copies=False), default=None)  # a second copy is no late message
    due = [at for tally in chosen.tallies for at in map(tally.due, tally.lost)]
    if first is None and max(due, default=-inf) < begin and not _kept(chosen, evidence, begin):
        taken = [(tally, number) for tally in chosen.tallies for number in tally.elsewhere]
        others = takers(chosen, taken, begin)
        hint = f" ({listed(others)} received messages of the queue: name them in `to` too)" if others else ""
        hint += f" ({several(len(due), 'message')} sent before it did not come, lost by then perhaps)" if due else ""
        return Outcome.UNKNOWN, f"nothing was on its way to {who} {after}, so nothing could have come{hint}"
    if end < begin + within:
        return Outcome.UNKNOWN, (
            f"nothing had come to {who} when the history ends at {moment(end)}, {gap(end - begin)} {after}: sooner "
            f"than its {units.format_duration(expectation.within)} were over"
        )
    gone = max((end for member in chosen.audience.members for _, end in member.windows[-1:]), default=inf)
    they = "they" if len(chosen.audience.names) > 1 else "it"
    if first is None and gone < begin:
        return Outcome.UNKNOWN, f"{who} left at {moment(gone)}, before {expectation.after} at {moment(begin)}"
    if first is None and gone < begin + within:
        return Outcome.UNKNOWN, (
            f"nothing had come to {who} at {moment(gone)}, when {they} left, {gap(gone - begin)} {after}: sooner than "
            f"its {units.format_duration(expectation.within)} were over"
        )
    alike = any(tally.alike for tally in chosen.tallies)
    if alike and any(begin <= t <= begin + within for member in chosen.audience.members for t in member.digest_times):
        return (
            Outcome.UNKNOWN,
            f"an equal body came to {who} {after}; it is unknown whether it had come before",
        )
    if any(tally.dispatched(number) for tally in chosen.tallies for number in tally.lost):
        return Outcome.UNKNOWN, f"{who} acknowledged nothing {after}, and may have messages that were dispatched to it"
    late = f"nothing came to {who}" if first is None else f"the first message to {who} came {gap(first[0] - begin)}"
    near = evidence.causes.near(begin, begin + within)
    return Outcome.FAILED, f"{late} {after}, allowed are {units.format_duration(expectation.within)}{near}"


def _kept(chosen: Chosen, evidence: Evidence, begin: float) -> bool:
    """Return whether any message that did not come was kept for the audience at a moment, as far as is known.

    A queue keeps a persistent message until a client takes it, or until the brokers' counters show that it has gone.
    A message that a client gave back later was with that client.
    """
    for tally in chosen.tallies:
        queue = tally.publication.destination
        if tally.lost and tally.publication.persistent and is_queue(queue):
            its = whereabouts(evidence, queue)
            if its is None or its.gone < len(tally.lost):
                return not all(_had(chosen, evidence, tally.publication, number, begin) for number in tally.lost)
    return False


def _had(chosen: Chosen, evidence: Evidence, sent: Publication, number: int, begin: float) -> bool:
    """Return whether a client had a message at a moment, and gave it back later."""
    position, digest = (sent.step << 32) + number, -1 if sent.digests is None else sent.digests[number]
    for member in (*chosen.audience.members, *chosen.audience.others):
        last = evidence.ledger.returns.last.get((member.client, member.destination, position), -inf)
        backs = [back for back, its, came in member.returned_digests if its == digest and came <= begin]
        if max([last, *backs]) >= begin:
            return True
    return False


def _arrivals(chosen: Chosen, begin: float, *, copies: bool = True) -> list[tuple[float, str, float]]:
    """Return (moment, id, moment of sending) for each message that came after a moment, given back later or not.

    Without `copies`, a message that had come to a member before does not count.
    """
    found = []
    for tally in chosen.tallies:
        publication = tally.publication
        came = [
            (moment, number)
            for member in chosen.audience.members
            if (arrivals := member.arrivals.get(publication.step)) is not None
            for number, moment in enumerate(arrivals.first_at)
            if arrivals.times[number]
        ]
        if not copies:
            had = {number for moment, number in came if moment < begin}
            came = [(moment, number) for moment, number in came if number not in had]
        came += [
            (moment, position & 0xFFFFFFFF)
            for member in chosen.audience.members
            for moment, position in member.given_back
            if position >> 32 == publication.step
        ]
        named = EQUAL if tally.alike else None
        found += [
            (moment, named or publication.id(number), publication.sent_at[number])
            for moment, number in came
            if moment >= begin
        ]
    if chosen.tallies:
        backs = (back for member in chosen.audience.members for back in member.returned_digests)
        found += [(moment, UNTOLD, moment) for _, _, moment in backs if moment >= begin]
    return found
