"""Judge of the expectation `delivered`: every message reached the receivers it was owed to, or none did."""

from __future__ import annotations

from math import inf

from lab import units
from lab.activemq.destinations import destination_of
from lab.declare.expectations.delivered import Delivered
from lab.judge.claims.duplicates import duplicated
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.evidence.records import OK
from lab.judge.evidence.tally import Tally
from lab.judge.findings import Finding, combine, never_subscribed
from lab.judge.values import Outcome
from lab.judge.wording import gap, listed, milliseconds, moment
from lab.units import several

_UNEXPLAINED = "of no publish step of this run"


def judge(claim: Delivered, evidence: Evidence) -> Finding:
    """Judge the messages received against the promise, for each audience."""
    destination = destination_of(claim)
    chosen = evidence.chosen(claim.to, destination)
    where = f" to {destination}" if destination else ""
    judge_one = _judge_silence if claim.promise == "nothing" else _judge_arrivals
    findings = never_subscribed(claim.to, chosen, named=where, anyone=where)
    return combine([*findings, *(judge_one(claim, each, evidence) for each in chosen)], evidence)


def _judge_arrivals(claim: Delivered, chosen: Chosen, evidence: Evidence) -> Finding:
    """Judge the promises exactly-once, at-least-once and at-most-once for one audience."""
    who, tallies = listed(list(chosen.audience.names)), chosen.tallies
    if claim.to is not None and claim.to.any:
        who = " or ".join(chosen.audience.names)
    within = claim.within.total_seconds()
    expected = sum(tally.expected for tally in tallies)
    uncertain = _uncertain(chosen, who)
    if not expected:
        return Outcome.UNKNOWN, uncertain or _nothing_owed(chosen, who)
    broken = []
    watched = min(evidence.timeline.end, chosen.audience.until, chosen.audience.alive)
    gone, pending = _missing(tallies, watched - within)
    losable = claim.promise == "at-most-once"
    if losable and not any(tally.arrived for tally in tallies):
        return Outcome.UNKNOWN, f"nothing that can be told apart reached {who}, so nothing could come twice"
    if gone and not losable:
        tally, number = gone[0]
        words = f"{len(gone)} of {expected} lost on the way to {who}, first {_sent(tally, number)}"
        if tally.alike:
            words = (
                f"{len(gone)} of {expected} lost on the way to {who}; which ones cannot be told, as bodies are equal"
            )
        words += _cut_off(chosen, tally, number)
        broken.append(
            words
            + _given_back(chosen, evidence, tally, number)
            + evidence.causes.of_loss(chosen.audience, tally, number)
        )
    if claim.promise != "at-least-once" and (words := duplicated(chosen, evidence)):
        broken.append(f"{who} received {words}")
    if words := _late(claim, chosen, evidence):
        broken.append(words)
    if broken:
        return Outcome.BROKEN, "; ".join(broken)
    if pending and not losable:
        tally, number = pending[0]
        stops = "was last known to listen" if watched == chosen.audience.alive else "stops listening"
        watching = "the history ends" if watched == evidence.timeline.end else f"{who} {stops}"
        return Outcome.UNKNOWN, (
            f"{len(pending)} of {expected} had not reached {who} when {watching} at {moment(watched)}, first "
            f"{_sent(tally, number)}: sooner than its {units.format_duration(claim.within)} were over"
        )
    if uncertain and not losable:
        return Outcome.UNKNOWN, uncertain
    return Outcome.HELD, _held(claim, tallies, expected, who)


def _held(claim: Delivered, tallies: tuple[Tally, ...], expected: int, who: str) -> str:
    """Return the reason of a delivery that held."""
    slowest = max((took for tally in tallies for _, took in tally.waits()), default=None)
    received = sum(tally.received for tally in tallies)
    words = f"{received} of {expected} reached {who}"
    more = sum(tally.duplicated for tally in tallies)
    words += f", {more} once more" if more else ", each once" if claim.promise != "at-least-once" else ""
    words += f", the slowest in {milliseconds(slowest * 1000)}" if slowest is not None else ""
    recovered, undecided = (sum(getattr(t, name) for t in tallies) for name in ("recovered", "undecided"))
    words += f", and {recovered} whose acceptance was unknown" if recovered else ""
    words += f"; {expected - received} were lost, as they may be" if expected > received else ""
    again = sum(tally.redelivered for tally in tallies)
    words += f"; {again} came again, as their acknowledgement may not have reached the broker" if again else ""
    words += f"; {over} were over before {who} listened" if (over := sum(tally.expired for tally in tallies)) else ""
    words += f" ({undecided} without a receipt did not arrive and are not counted)" if undecided else ""
    return words


def _uncertain(chosen: Chosen, who: str) -> str:
    """Return which messages may still arrive or were perhaps not owed; "" if there are none."""
    waiting = [(tally, number) for tally in chosen.tallies for number in tally.waiting]
    unsure = [(tally, number) for tally in chosen.tallies for number in tally.unsure]
    words = []
    if waiting:
        first = min(waiting, key=_sent_at)
        gone = min(member.away[-1][0] for member in chosen.audience.members if member.away)
        words.append(
            f"{several(len(waiting), 'message')} may be kept for {who}, which went at {moment(gone)} and did not come "
            f"back, first {_sent(*first)}"
        )
    if unsure:
        tally, number = min(unsure, key=_sent_at)
        words.append(
            f"{several(len(unsure), 'message')} did not reach {who}, and whether they were owed nobody can tell, first "
            f"{_sent(tally, number)}: {tally.why_unsure}"
        )
    return "; ".join(words)


def _given_back(chosen: Chosen, evidence: Evidence, tally: Tally, number: int) -> str:
    """Return, as the end of a sentence, that a message was given back without an acknowledgement; else ""."""
    position = (tally.publication.step << 32) + number
    backs = {
        member.client: t
        for member in chosen.audience.members
        if (t := evidence.ledger.given_back.get((member.client, member.destination, position))) is not None
    }
    who = max(backs, key=backs.__getitem__, default=None)
    return "" if who is None else f", which {who} gave back at {moment(backs[who])} without acknowledging it"


def _cut_off(chosen: Chosen, tally: Tally, number: int) -> str:
    """Return that a non-durable subscriber had lost its connection when a message was sent; else ""."""
    sent = tally.publication.sent_at[number]
    for member in chosen.audience.members if len(chosen.audience.members) == 1 else ():
        for lost, back in member.cut_off:
            if lost <= sent < back:
                until = f"until {moment(back)}" if back <= chosen.audience.until and back != inf else "for good"
                return f", while {member.client} had lost its connection ({moment(lost)}, {until}) and nothing was kept"
    return ""


def _nothing_owed(chosen: Chosen, who: str) -> str:
    """Return why no message was owed."""
    undecided = sum(tally.undecided + tally.recovered for tally in chosen.tallies)
    expired = sum(tally.expired for tally in chosen.tallies)
    if expired and not undecided:
        return f"{several(expired, 'message')} meant for {who} were over before {who} listened, so nothing was owed"
    if undecided:
        return f"of {several(undecided, 'message')} meant for {who}, none was known to be accepted"
    where = listed(list(chosen.audience.destinations))
    return f"nothing was sent to {where} while {who} listened"


def _missing(tallies: tuple[Tally, ...], due: float) -> tuple[list[tuple[Tally, int]], list[tuple[Tally, int]]]:
    """Return the lost messages that were due by a moment, and those due later; each in order of sending."""
    lost = [(tally, number) for tally in tallies for number in tally.lost]
    lost.sort(key=_sent_at)
    return (
        [(tally, number) for tally, number in lost if tally.due(number) <= due],
        [(tally, number) for tally, number in lost if tally.due(number) > due],
    )


def _sent_at(message: tuple[Tally, int]) -> float:
    """Return the moment of sending, in seconds."""
    tally, number = message
    return tally.publication.sent_at[number]


def _sent(tally: Tally, number: int) -> str:
    """Return a message's id and moment of sending in words."""
    return f"{tally.publication.named(number)} sent at {moment(tally.publication.sent_at[number])}"


def _late(claim: Delivered, chosen: Chosen, evidence: Evidence) -> str:
    """Return in words the messages that took longer than `within`; "" if there are none."""
    within = claim.within.total_seconds()
    late = [
        (tally.publication.sent_at[number], tally, number, took)
        for tally in chosen.tallies
        for number, took in tally.waits()
        if took > within
    ]
    if not late:
        return ""
    sent, tally, number, took = min(late, key=lambda each: each[0])
    slowest = max(took for *_, took in late)
    near = evidence.causes.near(sent, sent + took)
    more = f", the slowest took {gap(slowest)}" if len(late) > 1 else ""
    return (
        f"{len(late)} late to {listed(list(chosen.audience.names))} (allowed are {units.format_duration(claim.within)}"
        f"{more}), first {tally.publication.named(number)} took {gap(took)}, sent at {moment(sent)}{near}"
    )


def _judge_silence(claim: Delivered, chosen: Chosen, evidence: Evidence) -> Finding:
    """Judge the promise that nothing arrives, for the named members of an audience."""
    members = [member for member in chosen.audience.members if claim.to is None or member.client in claim.to.names]
    who = listed(list(dict.fromkeys(member.client for member in members)))
    came: list[tuple[float, str]] = []
    count = 0
    for member in members:
        for tally in chosen.tallies:
            receipts = member.receipts.get(tally.publication.step)
            if receipts is not None:
                first = tally.publication.first
                count += sum(receipts.times[first:])
                numbers = [number for number, times in enumerate(receipts.times) if times and number >= first]
                if numbers:
                    number = min(numbers, key=receipts.first_at.__getitem__)
                    words = f"{_sent(tally, number)} to {tally.publication.broker}"
                    came.append((receipts.first_at[number], words))
        if member.first_unexplained is not None and destination_of(claim) in (None, member.destination):
            count += member.unexplained
            came.append((member.first_unexplained, _UNEXPLAINED))
    if came and evidence.timeline.coverage.forgotten and all(words is _UNEXPLAINED for _, words in came):
        return Outcome.UNKNOWN, f"{who} received {several(count, 'message')}, perhaps of those that were left out"
    if came:
        when, words = min(came)
        return Outcome.BROKEN, f"{who} received {several(count, 'message')}, first {words}, received at {moment(when)}"
    sent = [
        tally.due(number)
        for tally in chosen.tallies
        for number in (*tally.lost, *tally.arrived, *tally.unsure)
        if tally.publication.outcomes[number] == OK
    ]
    # Of a queue's audience, only named members count, and only while they were listening.
    heard_until = min(member.heard_until for member in members)
    sent = [at for at in sent if at < heard_until]
    if not sent:
        return Outcome.UNKNOWN, f"{_nothing_owed(chosen, who)}, so nothing could have come"
    watched = min(evidence.timeline.end, heard_until)
    over = watched - max(sent)
    if over < claim.within.total_seconds():
        return Outcome.UNKNOWN, (
            f"{who} heard nothing of {several(len(sent), 'message')}, but listened only {gap(max(over, 0))} after "
            f"the last was sent, and within is {units.format_duration(claim.within)}: wait longer, or shorten within"
        )
    return Outcome.HELD, f"{who} heard nothing of {several(len(sent), 'message')} sent"
