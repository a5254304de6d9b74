"""Judges of the expectations of messages, besides `delivered`; and what all expectations of receivers share."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from lab.activemq.destinations import destination_of, hears
from lab.base import units
from lab.base.units import several
from lab.declare.expectations.messages import (
    AnsweredExpectation,
    BrowsedExpectation,
    Delivered,
    Duplicates,
    Ordered,
    ToReceivers,
)
from lab.history import Answered, Approached, Browsed, Replied
from lab.history.expected.records import OK, Publication, Subscription
from lab.judge.equal_bodies import EQUAL, equal_bodies
from lab.judge.evidence.efforts import Effort
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.evidence.sharing import takers
from lab.judge.evidence.step_taken import of_attempt
from lab.judge.evidence.tally import Tally
from lab.judge.expectations import base
from lab.judge.expectations.base import (
    concerns,
    destination_named,
    evidence_ends,
    judges,
    measurements,
    of_dead_letters,
    of_its_destination,
    shortfalls,
)
from lab.judge.findings import Finding, asked, at_the_end, combine, never_subscribed, unknown
from lab.judge.quiet import in_words, not_quiet
from lab.judge.second_copies import second_copies
from lab.judge.unexplained import in_words as strangers
from lab.judge.values import Outcome
from lab.judge.wording import gap, listed, moment


def until_all_came(expectation: ToReceivers, evidence: Evidence) -> float:
    """Return when the last message that an expectation is about was sent or came; infinity if one did not come."""
    return max((_last(tally) for each in _chosen(expectation, evidence) for tally in each.tallies), default=inf)


@concerns.register(ToReceivers)
def concerned_receivers(expectation: ToReceivers, effort: Effort, evidence: Evidence) -> bool:
    """Return whether a step's messages are for the receivers of an expectation, or were taken by one of them."""
    if not of_its_destination(expectation, effort, evidence):
        return False
    if of_dead_letters(expectation, evidence):
        return True
    if effort.did == "taken":
        return expectation.to is None or effort.client in expectation.to.names
    chosen = _chosen(expectation, evidence)
    return not chosen or any(hears(own, effort.destination) for each in chosen for own in each.audience.destinations)


@shortfalls.register(ToReceivers)
def unmet_receivers(expectation: ToReceivers, evidence: Evidence) -> Iterator[str]:
    """Yield a reason for each subscription that a named receiver was refused, and for which no step stands."""
    destination, timeline = destination_named(expectation), evidence.timeline
    for tried in timeline.approaches if expectation.to is not None else ():
        subscribing = tried.what in ("connect", "subscribe") and tried.destination != "" and tried.outcome != "ok"
        if not subscribing or expectation.to is None or tried.client not in expectation.to.names:
            continue
        meant = destination is None or hears(destination, tried.destination)
        subscription = evidence.ledger.subscriptions.get((tried.client, tried.destination))
        never = subscription is None or not subscription.windows
        if meant and never and of_attempt(tried, timeline.steps) is None:
            yield (
                f"{tried.client} was not let in to {tried.destination} at {moment(tried.t)} ({tried.outcome}; "
                "if that was expected, name the destination that is meant)"
            )


def _chosen(expectation: ToReceivers, evidence: Evidence) -> tuple[Chosen, ...]:
    """Return the audiences that an expectation is about."""
    if isinstance(expectation, Delivered):
        return evidence.meant(expectation.arrivals)
    return evidence.chosen(expectation.to, destination_named(expectation))


def _last(tally: Tally) -> float:
    """Return when the last message of a tally was sent or came; infinity if one did not come."""
    if tally.lost or tally.waiting or tally.unsure or tally.in_doubt or tally.elsewhere or tally.alike:
        return inf
    sent_at = tally.publication.sent_at
    came = (sent_at[number] + took for number, took in zip(tally.arrived, tally.latency, strict=True))
    return max((*(t for t in sent_at[tally.publication.first :] if t == t), *came), default=inf)


@judges.register(Duplicates)
def judge_duplicates(expectation: Duplicates, evidence: Evidence) -> Finding:
    """Judge the number of duplicates, for each audience."""
    chosen = evidence.chosen(expectation.to, destination_of(expectation))
    findings = never_subscribed(expectation.to, chosen)
    return combine([*findings, *(_judge_duplicates(expectation, each, evidence) for each in chosen)], evidence)


def duplicated(chosen: Chosen, evidence: Evidence) -> str:
    """Return in words the number of duplicates, and the first one if its moment is known; "" if there were none."""
    number_of_them = sum(tally.duplicated for tally in chosen.tallies)
    again = [(tally, *tally.first_duplicate) for tally in chosen.tallies if tally.first_duplicate is not None]
    if not number_of_them:
        return ""
    least = "at least " if any(each.alike for each in chosen.tallies) else ""
    words = f"{least}{several(number_of_them, 'duplicate')}"
    if not again:
        return words
    tally, number, when = min(again, key=lambda each: each[2])
    near = evidence.causes.near(when, when)
    which = EQUAL if tally.alike else tally.publication.named(number)
    first = f"first {which} again at {moment(when)}"
    if too := takers(chosen, [(tally, number)]):
        first += f" ({listed(too)} received it too)"
    return f"{words}, {first}{near}"


def _judge_duplicates(expectation: Duplicates, chosen: Chosen, evidence: Evidence) -> Finding:
    who = listed(list(chosen.audience.names))
    if not any(tally.arrived or tally.alike for tally in chosen.tallies):
        return Outcome.UNKNOWN, f"{who} received nothing, so nothing could come twice"
    number = sum(tally.duplicated for tally in chosen.tallies)
    if number > expectation.at_most:
        return Outcome.FAILED, f"{who} received {duplicated(chosen, evidence)}, allowed are {expectation.at_most}"
    more, words = second_copies(chosen, evidence)
    if number + more > expectation.at_most:
        return Outcome.UNKNOWN, words
    if words := equal_bodies(chosen.tallies, who, "one that came twice in another's place would look the same"):
        return Outcome.UNKNOWN, words
    if words := strangers(chosen, "whether one came twice"):
        return Outcome.UNKNOWN, words
    if restless := not_quiet(expectation.listens_on, chosen, evidence):
        return Outcome.UNKNOWN, restless
    came = sum(len(tally.arrived) for tally in chosen.tallies)
    words = f"{who} received {several(came, 'message')}, {number or 'none'} of them once more"
    return Outcome.PASSED, words + in_words(expectation.quiet, chosen, evidence)


@judges.register(Ordered)
def judge_ordered(expectation: Ordered, evidence: Evidence) -> Finding:
    """Judge whether each producer's messages arrived in the order of sending."""
    chosen = evidence.chosen(expectation.to, destination_of(expectation))
    findings = never_subscribed(expectation.to, chosen)
    return combine([*findings, *(_judge_order(expectation, each, evidence) for each in chosen)], evidence)


def _judge_order(expectation: Ordered, chosen: Chosen, evidence: Evidence) -> Finding:
    steps = {tally.publication.step: tally.publication for tally in chosen.tallies}
    who = listed(list(chosen.audience.names))
    if not any(tally.arrived or tally.alike for tally in chosen.tallies):
        return Outcome.UNKNOWN, f"{who} received nothing, so nothing could be out of order"
    late, first, open_ = 0, None, ""
    for member in chosen.audience.members:
        for step, arrivals in member.arrivals.items():
            if step not in steps or arrivals.disorder is None:
                continue
            late += arrivals.reordered
            number, place = arrivals.disorder
            when = arrivals.first_at[number]
            if holder := _may_have_given_back(evidence, member, (step << 32) + number):
                its = steps[step].named(number)
                open_ = f"{its} came out of order to {member.client}, and {holder} had it unacknowledged: the history "
                open_ += "ends before it is known whether it gave it back"
            elif first is None or when < first[0]:
                before = steps[place >> 32].named(place & 0xFFFFFFFF)
                words = f"{steps[step].named(number)} reached {member.client} at {moment(when)}, after {before}"
                first = (when, words)
    if first is not None:
        when, words = first
        near = evidence.causes.near(when, when)
        return Outcome.FAILED, f"{several(late, 'message')} out of order, first {words}, which was sent later{near}"
    if open_:
        return Outcome.UNKNOWN, open_
    if words := equal_bodies(chosen.tallies, who, "their order is unknown"):
        return Outcome.UNKNOWN, words
    came = sum(len(tally.arrived) for tally in chosen.tallies)
    destination = destination_of(expectation)
    where = f" of {destination}" if destination is not None else ""
    each = ", each its own" if len(chosen.audience.members) > 1 else ""
    each += ", each connection its own" if any(member.parallel for member in chosen.audience.members) else ""
    again = sum(
        its.aside for member in chosen.audience.members for step, its in member.arrivals.items() if step in steps
    )
    aside = f", but for {again} that had been given back" if again else ""
    return Outcome.PASSED, f"{who} received {several(came, 'message')}{where}{each} in the order of sending{aside}"


def _may_have_given_back(evidence: Evidence, member: Subscription, position: int) -> str:
    """Return a client that has a message unacknowledged where a history is cut short; "" if there is none.

    A broker may know that the client has gone, and give the message to another client, before the history records it.
    """
    if evidence.timeline.complete:
        return ""
    others = (each for each in evidence.ledger.subscriptions.values() if each is not member)
    return next((each.client for each in others if position in each.pending), "")


@judges.register(BrowsedExpectation)
def judge_browsed(expectation: BrowsedExpectation, evidence: Evidence) -> Finding:
    """Judge how many messages a client saw the last time that it browsed."""
    seen = _last_look(expectation, evidence)
    if seen is None:
        return unknown(f"{expectation.client} never browsed", evidence)
    number = len(seen.ids) + seen.others
    words = f"{expectation.client} saw {several(number, 'message')} of {seen.destination} on {seen.broker}"
    words += f" at {moment(seen.t)}"
    if not evidence.timeline.complete:  # it may have browsed again
        return at_the_end(True, words, evidence)
    why = _not_all(seen, number)
    if expectation.count.at_most is not None and number > expectation.count.at_most:
        return Outcome.FAILED, words + asked(expectation.count)
    if why and (expectation.count.at_most is not None or number < (expectation.count.at_least or 0)):
        return unknown(f"{words}, {why}", evidence)
    passed = expectation.count.holds(number)
    return Outcome.of(passed), words + ("" if passed else asked(expectation.count))


@evidence_ends.register(BrowsedExpectation)
def until_browsed(expectation: BrowsedExpectation, evidence: Evidence) -> float:
    """Return when the client browsed the last time, in seconds; infinity if it never did."""
    look = _last_look(expectation, evidence)
    return inf if look is None else look.t


@concerns.register(BrowsedExpectation)
def concerned_browsed(expectation: BrowsedExpectation, effort: Effort, evidence: Evidence) -> bool:
    """Return whether a step sent to, or took of, the queue before the client browsed it."""
    look = _last_look(expectation, evidence)
    return look is not None and effort.began < look.t and look.destination in base.destinations(effort, evidence)


@shortfalls.register(BrowsedExpectation)
def unmet_browsed(expectation: BrowsedExpectation, evidence: Evidence) -> Iterator[str]:
    """Yield a reason if the client was to browse once more and could not."""
    its = [
        seen
        for seen in evidence.timeline.seen
        if isinstance(seen, Browsed | Approached) and seen.client == expectation.client
    ]
    if its and isinstance(tried := its[-1], Approached) and tried.outcome != "ok":
        step = of_attempt(tried, evidence.timeline.steps)
        if step is None or not step.fails:
            yield f"{tried.client} could not browse at {moment(tried.t)} ({tried.outcome}; give each look a client)"


def _last_look(expectation: BrowsedExpectation, evidence: Evidence) -> Browsed | None:
    """Return the client's last browsing; None if it never browsed."""
    its = (each for each in reversed(evidence.timeline.seen) if isinstance(each, Browsed))
    return next((each for each in its if each.client == expectation.client), None)


def _not_all(look: Browsed, number: int) -> str:
    """Return why a browser may not have seen all; "" if it has."""
    if not look.ended:
        return "and the broker did not confirm that this was all"
    if look.waiting is None:
        return "and the broker did not answer how many there were"
    if number < look.waiting:
        return f"and the broker counted {look.waiting}: it shows a browser 400, or its policy's maxBrowsePageSize"
    return ""


_Message = tuple[Publication, int]


@judges.register(AnsweredExpectation)
def judge_answered(expectation: AnsweredExpectation, evidence: Evidence) -> Finding:
    """Judge whether each accepted request got one answer, in time."""
    wanted, within, end = destination_of(expectation), expectation.within.total_seconds(), evidence.timeline.end
    came: dict[str, list[float]] = {}
    replied: set[str] = set()
    for seen in evidence.timeline.seen:
        if isinstance(seen, Answered):
            came.setdefault(seen.id, []).append(seen.t)
        elif isinstance(seen, Replied):
            replied.add(seen.id)
    asked = list(_requests(evidence, wanted))
    if not asked:
        return unknown("no request was accepted", evidence)
    late: list[_Message] = []
    twice: list[_Message] = []
    missing: list[_Message] = []
    pending: list[_Message] = []
    slowest = 0.0
    for publication, number in asked:
        sent, answers = publication.sent_at[number], came.get(publication.id(number), [])
        if not answers:
            (missing if end - sent >= within else pending).append((publication, number))
            continue
        slowest = max(slowest, min(answers) - sent)
        if min(answers) - sent > within:
            late.append((publication, number))
        if len(answers) > 1:
            twice.append((publication, number))
    failed = []
    if missing:
        sent_on = sum(publication.id(number) in replied for publication, number in missing)
        which = f"{len(missing)} of {len(asked)} requests got no answer, {_first(missing)}"
        which += f"; to {sent_on} of them one was sent" if sent_on else "; no client sent an answer"
        first = min(publication.sent_at[number] for publication, number in missing)
        failed.append(which + evidence.causes.near(first, end))
    if twice:
        failed.append(f"{len(twice)} got more than one answer, {_first(twice)}")
    if late:
        allowed = units.format_duration(expectation.within)
        failed.append(f"{len(late)} got it later than {allowed}, {_first(late)}, the slowest after {gap(slowest)}")
    if failed:
        return Outcome.FAILED, "; ".join(failed)
    if pending:
        what = f"{len(pending)} of {len(asked)} requests had no answer when the history ends at {moment(end)}"
        return Outcome.UNKNOWN, f"{what}, sooner than their {units.format_duration(expectation.within)} were over"
    words = f"{len(asked)} of {len(asked)} requests answered, each once, the slowest after {gap(slowest)}"
    return at_the_end(True, words, evidence)


@measurements.register(AnsweredExpectation)
def measured_answered(expectation: AnsweredExpectation, evidence: Evidence) -> Iterator[tuple[float, float]]:
    """Yield how long each answer took, with the time allowed; in seconds."""
    sent = {of.id(number): of.sent_at[number] for of, number in _requests(evidence, destination_of(expectation))}
    for seen in evidence.timeline.seen:
        if isinstance(seen, Answered) and seen.id in sent:
            yield seen.t - sent[seen.id], expectation.within.total_seconds()


def _requests(evidence: Evidence, wanted: str | None) -> Iterator[_Message]:
    """Yield each accepted request, of a destination, of any if None."""
    for publication in evidence.ledger.publications.values():
        if publication.reply_to and (wanted is None or hears(wanted, publication.destination)):
            for number in range(publication.first, publication.last + 1):
                if publication.outcomes[number] == OK:
                    yield publication, number


def _first(messages: list[_Message]) -> str:
    """Return in words the message of some that was sent first."""
    publication, number = min(messages, key=lambda each: each[0].sent_at[each[1]])
    return f"first {publication.named(number)} sent at {moment(publication.sent_at[number])}"
