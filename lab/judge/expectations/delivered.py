"""Judge of the expectation `delivered`: every message reached its expected receivers, or none did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf

from lab.activemq.destinations import destination_of, is_dead_letter_queue
from lab.base import units
from lab.base.units import several
from lab.declare.expectations.messages import Delivered
from lab.history.expected.entitlement import first_heard
from lab.history.expected.records import FAILED, OK, Subscription, is_queue
from lab.judge.equal_bodies import equal_bodies
from lab.judge.evidence import fates
from lab.judge.evidence.configurations import rerouted
from lab.judge.evidence.coverage import unasked
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.evidence.queues import explain
from lab.judge.evidence.sharing import takers, went_before, went_to_others
from lab.judge.evidence.tally import Tally
from lab.judge.expectations.base import evidence_ends, judges, measurements
from lab.judge.expectations.messages import duplicated, until_all_came
from lab.judge.findings import Finding, combine, never_subscribed
from lab.judge.lateness import late, overdue, perhaps_late, sent_at, since
from lab.judge.quiet import in_words, not_quiet
from lab.judge.second_copies import second_copies
from lab.judge.shares import judge_shares
from lab.judge.unacknowledged import REMEDY, apart
from lab.judge.unacknowledged import in_words as unacknowledged
from lab.judge.unexplained import in_words as strangers
from lab.judge.unexplained import unexplained
from lab.judge.values import Outcome
from lab.judge.wording import gap, listed, milliseconds, moment, silent


@judges.register(Delivered)
def judge_delivered(expectation: Delivered, evidence: Evidence) -> Finding:
    """Judge the messages received against the promise, for each audience."""
    destination = destination_of(expectation)
    chosen = evidence.meant(expectation.arrivals)
    if expectation.to is None and expectation.promise != "nothing":  # no client is expected to receive a dead letter
        chosen = tuple(each for each in chosen if not _of_dead_letters(each)) or chosen
    where = f" to {destination}" if destination else ""
    where += f" at {expectation.at}" if expectation.at else ""
    judge_one = _judge_silence if expectation.promise == "nothing" else _judge_arrivals
    findings = never_subscribed(expectation.to, chosen, named=where, anyone=where)
    findings += [judge_one(expectation, each, evidence) for each in chosen]
    if expectation.shares is not None:
        findings.append(judge_shares(expectation, expectation.shares, evidence))
    return combine(findings, evidence)


@evidence_ends.register(Delivered)
def until_delivered(expectation: Delivered, evidence: Evidence) -> float:
    """Return when the last of its messages was sent or came, in seconds, if no other one may break the promise."""
    return until_all_came(expectation, evidence) if expectation.promise == "at-least-once" else inf


@measurements.register(Delivered)
def measured_delivered(expectation: Delivered, evidence: Evidence) -> Iterator[tuple[float, float]]:
    """Yield the time of each publication's slowest message, with the time allowed; in seconds."""
    for each in evidence.meant(expectation.arrivals):
        for tally in each.tallies:
            if (slowest := max((took for _, took in tally.waits()), default=None)) is not None:
                yield slowest, expectation.within.total_seconds()


def _judge_arrivals(expectation: Delivered, chosen: Chosen, evidence: Evidence) -> Finding:
    """Judge the promises exactly-once, at-least-once and at-most-once for one audience."""
    if moved := _moved(expectation, chosen):
        return Outcome.UNKNOWN, moved
    who, tallies = _together(expectation, chosen), chosen.tallies
    within, time = expectation.within.total_seconds(), units.format_duration(expectation.within)
    expected = sum(tally.expected for tally in tallies)
    uncertain = _uncertain(chosen, who)
    if not expected:
        return Outcome.UNKNOWN, uncertain or _nothing_expected(expectation, chosen, who, evidence)
    failed = []
    watched = min(evidence.timeline.end, chosen.audience.until, chosen.audience.alive)
    error = max(map(evidence.clock_error, chosen.tallies), default=0.0)
    gone, pending = overdue(chosen, within + error, watched)
    taken, perhaps_taken = went_to_others(
        chosen, whole=evidence.timeline.complete, once=expectation.promise != "at-least-once", due=watched - within
    )
    gone, open_ = apart(gone)
    taken, open_elsewhere = apart(taken)
    open_ += open_elsewhere
    under_way = len(pending)
    pending += perhaps_taken
    losable = expectation.promise == "at-most-once"
    if losable and not any(tally.arrived or tally.alike for tally in tallies):
        reached = "is known to have reached" if open_ else "reached"
        nothing = f"nothing{' that can be distinguished' * bool(unexplained(chosen))} {reached} {who}"
        return Outcome.UNKNOWN, f"{nothing}, so nothing could come twice{_also_went(chosen, taken)}"
    if taken and not losable:
        failed.append(_to_others(expectation, chosen, taken, expected))
    if gone and not losable and len(gone) > unexplained(chosen):
        tally, number = gone[0]
        missed = fates.in_words(evidence, chosen.audience, gone, expected, who)
        words = f"{missed}, first {_sent(tally, number)}"
        if tally.alike:
            least = "at least " if len(gone) < expected else ""
            words = f"{least}{missed}; which ones is not known, as bodies are equal"
        words += _cut_off(chosen, tally, number)
        failed.append(words + _cause(evidence, chosen, gone) + _given_back(chosen, evidence, tally, number))
        if under_way and not any(each.alike for each in tallies):
            whose = "their" if under_way > 1 else "its"
            failed.append(f"{under_way} more did not come, and {who} did not listen for {time} from {whose} sending on")
    if failed and open_ and not losable:
        failed.append(unacknowledged(chosen.audience, open_, expected))
    if expectation.promise != "at-least-once" and (words := duplicated(chosen, evidence)):
        failed.append(f"{who} received {words}")
    if words := late(expectation, chosen, evidence):
        failed.append(words)
    if failed:
        return Outcome.FAILED, "; ".join(failed)
    if open_ and not losable:
        words = unacknowledged(chosen.audience, open_, expected)
        return Outcome.UNKNOWN, f"{words}{_left(evidence, chosen, open_)}; {REMEDY}"
    if pending and not losable:
        pending.sort(key=sent_at)
        tally, number = pending[0]
        if tally.due(number) + within + error <= watched:
            return Outcome.UNKNOWN, (
                f"{len(pending)} of {expected} did not reach {who}, first {_sent(tally, number)}: {who} did not listen "
                f"for {time} from then on, so it may have been under way"
            )
        be, stop = ("were", "stop") if who.endswith(" together") else ("was", "stops")
        stops = f"{be} last known to listen" if watched == chosen.audience.alive else f"{stop} listening"
        watching = "the history ends" if watched == evidence.timeline.end else f"{who} {stops}"
        back = _given_back(chosen, evidence, tally, number)
        return Outcome.UNKNOWN, (
            f"{len(pending)} of {expected} had not {'been acknowledged by' if back else 'reached'} {who} "
            f"when {watching} at {moment(watched)}, first {_sent(tally, number)}: sooner than {time} "
            f"{since(tally, number)} were over{back}"
        )
    if uncertain and not losable:
        return Outcome.UNKNOWN, uncertain
    if expectation.promise != "at-least-once" and (words := second_copies(chosen, evidence)[1]):
        return Outcome.UNKNOWN, words
    if words := perhaps_late(expectation, chosen, evidence):
        return Outcome.UNKNOWN, words
    if (gone or expectation.promise != "at-least-once") and (
        words := strangers(chosen, "whether each message came" if gone else "whether one came twice")
    ):
        return Outcome.UNKNOWN, words
    if words := equal_bodies(tallies, who, "one that is lost and another that came twice would look the same"):
        return Outcome.UNKNOWN, words
    if restless := not_quiet(expectation.listens_on, chosen, evidence):
        return Outcome.UNKNOWN, restless
    became = fates.fate_counts(evidence, chosen.audience, [(its, n) for its in tallies for n in its.lost]).words()
    passed = _passed(expectation, tallies, expected - len(taken), who, became) + _also_went(chosen, taken)
    return Outcome.PASSED, passed + in_words(expectation.quiet, chosen, evidence)


def _cause(evidence: Evidence, chosen: Chosen, gone: Sequence[tuple[Tally, int]]) -> str:
    """Return why messages did not come, as the end of a sentence: by the observers' events, or by the counters."""
    its = None if any(tally.alike for tally, _ in gone) else evidence.applications
    if its is not None and (words := its.last_places.cause(_as_sent(gone), chosen.audience.members)):
        return evidence.causes.of_loss(chosen.audience, *gone[0]) + words
    return explain(evidence, chosen.audience, gone)


def _left(evidence: Evidence, chosen: Chosen, messages: Sequence[tuple[Tally, int]]) -> str:
    """Return what became of messages that have left the clients that may have read them; "" if that is not known."""
    its = evidence.applications
    return "" if its is None else its.last_places.cause(_as_sent(messages), chosen.audience.members, left=True)


def _as_sent(messages: Sequence[tuple[Tally, int]]) -> list[tuple[str, str]]:
    """Return the id of each message, and the broker to which it was sent."""
    return [(tally.publication.names.get(number, ""), tally.publication.broker) for tally, number in messages]


def _together(expectation: Delivered, chosen: Chosen) -> str:
    """Return in words the clients of an audience, of which one is to have each message."""
    names = list(chosen.audience.names)
    if expectation.to is not None and expectation.to.any:
        return " or ".join(names)
    return listed(names) + (" together" if len(names) > 1 else "")


def _to_others(expectation: Delivered, chosen: Chosen, taken: list[tuple[Tally, int]], expected: int) -> str:
    """Return in words the messages that went to a queue's other subscribers, and a remedy for the expectation."""
    others, who = takers(chosen, taken), list(chosen.audience.names)
    tally, number = min(taken, key=sent_at)
    first = "which ones is not known, as bodies are equal" if tally.alike else f"first {_sent(tally, number)}"
    return (
        f"{len(taken)} of {expected} went to {listed(others)} instead of {listed(who)}, {first}: a queue gives a "
        f"message to one of its subscribers; write to: [{', '.join([*who, *others])}] if they may share, and shares "
        "for how many each must have"
    )


def _also_went(chosen: Chosen, taken: list[tuple[Tally, int]]) -> str:
    """Return, as the end of a sentence, to which other clients of the queue messages went; "" if there are none."""
    return f"; {len(taken)} went to {listed(takers(chosen, taken))}" if taken else ""


def _of_dead_letters(chosen: Chosen) -> bool:
    """Return whether an audience hears of queues for dead letters alone."""
    return all(is_dead_letter_queue(each) for each in chosen.audience.destinations)


def _passed(expectation: Delivered, tallies: tuple[Tally, ...], expected: int, receiver: str, became: str) -> str:
    """Return the reason of a delivery that passed; `became` is the fate of the messages that did not come, in words."""
    slowest = max((took for tally in tallies for _, took in tally.waits()), default=None)
    received = sum(tally.received for tally in tallies)
    words = f"{received} of {expected} reached {receiver}"
    more = sum(tally.duplicated for tally in tallies)
    words += f", {more} once more" if more else ", each once" if expectation.promise != "at-least-once" else ""
    words += f", the slowest in {milliseconds(slowest * 1000)}" if slowest is not None else ""
    recovered = sum(tally.recovered for tally in tallies)
    words += f", and {recovered} whose acceptance was unknown" if recovered else ""
    words += f"; {became}, which {expectation.promise} allows" if became else ""
    kept = sum(tally.retained_again for tally in tallies)
    copies = sum(tally.copies for tally in tallies)
    again = sum(tally.redelivered for tally in tallies) - kept - copies
    words += f"; {again} came again, as their acknowledgement may not have reached the broker" if again else ""
    words += f"; {copies} came again, one for each subscription of the client" if copies else ""
    words += f"; {kept} came again, as a broker sends a retained message to each subscription" if kept else ""
    over = sum(tally.expired for tally in tallies)
    words += f"; {over} {_were(over)} over before {receiver} listened" if over else ""
    return words + _undecided(tallies)


def _undecided(tallies: Sequence[Tally]) -> str:
    """Return, as the end of a sentence, the messages that failed or were not acknowledged, and did not come."""
    total = sum(tally.undecided for tally in tallies)
    refused = sum(tally.publication.outcomes[number] == FAILED for tally in tallies for number in tally.in_doubt)
    refused = min(refused, total)
    parts = [f"{refused} refused or not sent"] if refused else []
    parts += [f"{total - refused} without an acknowledgement"] if total > refused else []
    return f" ({' and '.join(parts)} did not arrive and are not counted)" if parts else ""


def _uncertain(chosen: Chosen, receiver: str) -> str:
    """Return which messages may still arrive or were perhaps not expected; "" if there are none."""
    waiting = [(tally, number) for tally in chosen.tallies for number in tally.waiting]
    unsure = [(tally, number) for tally in chosen.tallies for number in tally.unsure]
    words = []
    if waiting:
        first = min(waiting, key=sent_at)
        gone = min(member.away[-1][0] for member in chosen.audience.members if member.away)
        words.append(
            f"{several(len(waiting), 'message')} may be kept for {receiver}, which went at {moment(gone)} and did not "
            f"come back, first {_sent(*first)}"
        )
    if unsure:
        tally, number = min(unsure, key=sent_at)
        they = "it was" if len(unsure) == 1 else "they were"
        words.append(
            f"{several(len(unsure), 'message')} did not reach {receiver}; it is unknown whether {they} expected, first "
            f"{_sent(tally, number)}: {tally.why_unsure}"
        )
    return "; ".join(words)


def _given_back(chosen: Chosen, evidence: Evidence, tally: Tally, number: int) -> str:
    """Return, as the end of a sentence, that a message was given back without an acknowledgement; else ""."""
    position = (tally.publication.step << 32) + number
    backs = {
        member.client: t
        for member in chosen.audience.members
        if (t := evidence.ledger.redeliveries.last.get((member.client, member.destination, position))) is not None
    }
    who = max(backs, key=backs.__getitem__, default=None)
    return "" if who is None else f"; {who} gave it back at {moment(backs[who])} without acknowledging it"


def _cut_off(chosen: Chosen, tally: Tally, number: int) -> str:
    """Return that a non-durable subscriber had lost its connection when a message was sent; else ""."""
    sent = tally.publication.sent_at[number]
    if is_queue(tally.publication.destination):
        return ""  # it keeps what no client takes
    for member in chosen.audience.members if len(chosen.audience.members) == 1 else ():
        for lost, back in member.cut_off:
            if lost <= sent < back:
                until = f"until {moment(back)}" if back <= chosen.audience.until and back != inf else "for good"
                return f", while {member.client} had lost its connection ({moment(lost)}, {until}) and nothing was kept"
    return ""


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _moved(expectation: Delivered, chosen: Chosen) -> str:
    """Return that a client subscribed at several brokers, of which an expectation names one; "" if none did."""
    for member in chosen.audience.members if expectation.at is not None else ():
        if len(member.brokers) > 1:
            places = listed(sorted(member.brokers))
            return f"{member.client} subscribed at {places}, so it is unknown which of them gave it a message"
    return ""


def _nothing_expected(expectation: Delivered, chosen: Chosen, receiver: str, evidence: Evidence) -> str:
    """Return why no message was expected, of those to a destination if there is one."""
    destination = destination_of(expectation)
    undecided = sum(tally.undecided + tally.recovered for tally in chosen.tallies)
    expired = sum(tally.expired for tally in chosen.tallies)
    if expired and not undecided:
        over = f"{several(expired, 'message')} meant for {receiver} {_were(expired)} over before {receiver} listened"
        return f"{over}, so nothing was expected"
    if undecided:
        return f"of {several(undecided, 'message')} meant for {receiver}, none was known to be accepted"
    where = destination if destination is not None else listed(list(chosen.audience.destinations))
    selective = [member.client for member in chosen.audience.members if member.selector is not None]
    heard = chosen.audience.destinations
    if any(rerouted(evidence.header.declared, each, heard) for each in heard):
        return (
            f"it is unknown which messages {receiver} should receive from {where}: by a configuration, messages go "
            "into other destinations than those that they are sent to"
        )
    what = f"nothing that the selector of {listed(selective)} lets through" if selective else "nothing"
    if without_own := [member.client for member in chosen.audience.members if member.hears_own is False]:
        what += f" but messages of {listed(without_own)} itself, which noLocal keeps out,"
    senders = f" by {listed(list(expectation.senders))}" if expectation.senders else ""
    return f"{what} was sent to {where}{senders} while {receiver} listened"


def _sent(tally: Tally, number: int) -> str:
    """Return a message's id and moment of sending in words."""
    return f"{tally.publication.named(number)} sent at {moment(tally.publication.sent_at[number])}"


def _judge_silence(expectation: Delivered, chosen: Chosen, evidence: Evidence) -> Finding:
    """Judge the promise that nothing arrives, for the members of an audience."""
    if moved := _moved(expectation, chosen):
        return Outcome.UNKNOWN, moved
    members = chosen.audience.members
    who = listed(list(chosen.audience.names))
    came: list[tuple[float, str]] = []
    count = stray = elsewhere = 0
    for member in members:
        for tally in (*chosen.tallies, *chosen.astray):
            if not expectation.arrivals.are_from(tally.publication.client):
                continue
            arrivals = member.arrivals.get(tally.publication.step)
            if arrivals is not None:
                first = tally.publication.first
                count += sum(arrivals.times[first:])
                numbers = [number for number, times in enumerate(arrivals.times) if times and number >= first]
                if numbers:
                    number = min(numbers, key=arrivals.first_at.__getitem__)
                    words = f"{_sent(tally, number)} to {tally.publication.broker}"
                    came.append((arrivals.first_at[number], f"first {words}, received at"))
        if member.first_unexplained is not None and (
            expectation.senders or destination_of(expectation) not in (None, member.destination)
        ):
            elsewhere += member.unexplained
        elif member.first_unexplained is not None:
            stray += member.unexplained
            came.append((member.first_unexplained, "first of no publish step of this run, received at"))
        if expectation.senders:  # the sender of a body without an id is unknown
            elsewhere += sum(1 for t, *_ in member.returned_digests if t >= member.begin)
        for back in _returns(expectation, member, chosen, evidence):
            count += 1
            came.append((back, "one of them given back without an acknowledgement at"))
    if stray and not count and evidence.timeline.coverage.forgotten:
        return Outcome.UNKNOWN, f"{who} received {several(stray, 'message')}, perhaps of the removed part"
    if came:
        when, words = min(came)
        return Outcome.FAILED, f"{who} received {several(count + stray, 'message')}, {words} {moment(when)}"
    perhaps_came = _dispatched(expectation, chosen)
    if perhaps_came:
        return Outcome.UNKNOWN, unacknowledged(chosen.audience, perhaps_came, len(perhaps_came))
    if elsewhere:
        perhaps = (
            f"by {listed(list(expectation.senders))}" if expectation.senders else f"to {destination_of(expectation)}"
        )
        whose = f"{several(elsewhere, 'message')} that no step of this run sent, perhaps {perhaps}"
        return Outcome.UNKNOWN, f"{who} received {whose}"
    before = went_before(chosen)
    # Of a queue's audience, only named members count, and only while they were listening.
    heard_until = min(member.heard_until for member in members)

    sent: list[float] = []
    heard: list[tuple[float, float]] = []  # from when on each could come, and until when somebody listened for it

    def look(at: float, find: Callable[[float], tuple[float, float] | None], to: Sequence[Subscription]) -> None:
        if at < heard_until and any(_may_hear(member, at) for member in to) and (found := find(at)) is not None:
            heard.append(found)
            sent.append(at)

    if _of_dead_letters(chosen):  # any message may become one
        find = first_heard(members, members[0].destination)
        for at in evidence.ledger.accepted_at(expectation.senders):
            look(at, find, members)
    for tally in () if _of_dead_letters(chosen) else chosen.tallies:
        find = first_heard(tally.members, tally.publication.destination)
        for number in (*tally.lost, *tally.elsewhere, *tally.arrived, *tally.unsure):
            if tally.publication.outcomes[number] == OK and (tally.publication.step, number) not in before:
                look(tally.due(number), find, tally.members)
    count = len(sent)
    if not count:
        kept = any(tally.waiting for tally in chosen.tallies) and _uncertain(chosen, who)
        none = _nothing_expected(expectation, chosen, who, evidence)
        return Outcome.UNKNOWN, kept or f"{none}, so nothing could have come"
    for tally in chosen.tallies:  # what has no acknowledgement may come as well
        find = first_heard(tally.members, tally.publication.destination)
        for number in tally.in_doubt:
            if tally.publication.outcomes[number] != FAILED:
                look(tally.due(number), find, tally.members)
    watched = min(evidence.timeline.end, heard_until)
    over = min(min(end, watched) - begin for begin, end in heard)
    if over < expectation.within.total_seconds():
        last = "the last was sent" if over == watched - max(sent) else "one of them could come"
        return Outcome.UNKNOWN, (
            f"{who} heard nothing of {several(count, 'message')}, but listened only {gap(max(over, 0))} after "
            f"{last}, and within is {units.format_duration(expectation.within)}: wait longer, or shorten within"
        )
    timeline, places = evidence.timeline, {member.broker for member in members}
    for silence in unasked(timeline.coverage.silences, timeline.outages):
        if silence.broker in places and silence.begin < watched and silence.end > min(sent):
            words = f"{who} heard nothing of {several(count, 'message')}, which proves nothing"
            return Outcome.UNKNOWN, f"{words}: {silent(silence)}"
    taken = [(t, each) for t in chosen.tallies for each in t.elsewhere if (t.publication.step, each) not in before]
    nothing = (
        f"{who} heard nothing of {several(count, 'message')} sent, nor {units.format_duration(expectation.within)}"
    )
    return Outcome.PASSED, f"{nothing} after the last of them{_also_went(chosen, taken)}"


def _dispatched(expectation: Delivered, chosen: Chosen) -> list[tuple[Tally, int]]:
    """Return the messages that were dispatched to an audience and not acknowledged."""
    return [
        (tally, number)
        for tally in (*chosen.tallies, *chosen.astray)
        if expectation.arrivals.are_from(tally.publication.client) and any(each.dispatched for each in tally.members)
        for number in range(tally.publication.first, tally.publication.last + 1)
        if tally.dispatched(number)
    ]


def _may_hear(member: Subscription, sent: float) -> bool:
    """Return whether a message sent at a moment could come: a queue keeps it, or its receiver was connected."""
    if is_queue(member.destination):
        return True
    return member.subscribed_at(sent) > 0 and not any(lost <= sent < back for lost, back in member.cut_off)


def _returns(expectation: Delivered, member: Subscription, chosen: Chosen, evidence: Evidence) -> list[float]:
    """Return when a member gave back each message that it had received and not acknowledged, in seconds."""
    steps = {tally.publication.step for tally in chosen.tallies}
    known = [
        t
        for (client, destination, position), t in evidence.ledger.redeliveries.last.items()
        if (client, destination) == (member.client, member.destination) and position >> 32 in steps
    ]
    unnamed = () if expectation.senders else (t for t, *_ in member.returned_digests)
    return [t for t in (*known, *unnamed) if t >= member.begin]
