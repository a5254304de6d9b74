"""Judges of the expectations of forwarding, besides `bridge` and `forwarded`."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.base.units import several
from lab.declare.between import Portion
from lab.declare.expectations.base import Term
from lab.declare.expectations.forwarding import Counters, Demanded, Discarded, Stuck
from lab.declare.steps.flow import END, START
from lab.history.expected.records import is_queue
from lab.judge.equal_bodies import ADVICE
from lab.judge.evidence.coverage import Silence
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.queues import shown_with_places, whereabouts
from lab.judge.evidence.snapshots import Rise, Snapshots, Subject
from lab.judge.evidence.timeline import Timeline
from lab.judge.evidence.unreceived import lost_elsewhere, never_received, shown, undecided, why_not_counted
from lab.judge.expectations.base import judges, measurements
from lab.judge.findings import Finding, asked, combine, unknown
from lab.judge.values import Outcome
from lab.judge.wording import gap, listed, moment, silent, unwatched

_RECORDED = {"waiting": "queued", "memory": "memory-percent"}  # what is expected, by another name in a snapshot
_OF_ALL = {**_RECORDED, "consumers": "subscriptions"}  # of a broker: its own total counts advisories' consumers too
_SUMMED = {"waiting": "destination", "in-flight": "destination", "connections": "connector"}


@judges.register(Counters)
def judge_counters(expectation: Counters, evidence: Evidence) -> Finding:
    """Judge the rise of each counter expected, and the amounts expected at one moment."""
    snapshots, destination = evidence.timeline.snapshots, destination_of(expectation)
    if expectation.bridge is not None:
        subject = Subject("bridge", expectation.bridge)
        what = f"{expectation.broker}'s end of the bridge {expectation.bridge}"
    elif destination is not None:
        subject, what = Subject("destination", destination), f"{destination} on {expectation.broker}"
    else:
        subject, what = None, f"{expectation.broker} in all"
    passed, failed, unknowns, span = [], [], [], (0.0, 0.0)
    for counter, amount in expectation.amounts.items():
        rise = _rise(expectation, snapshots, subject, counter)
        if isinstance(rise, str):
            unknowns.append(rise)
        elif counter == "discarded" and (few := began_again(evidence, expectation.broker, destination, rise)):
            if amount.at_most is not None and rise.by > amount.at_most:
                failed.append(f"{counter} at least {rise.by}{asked(amount)}")
                span = (rise.begin, rise.end)
            elif amount.at_most is None and amount.holds(rise.by):
                passed.append(f"{counter} at least {rise.by}")
            else:
                unknowns.append(f"{what} {counter} at least {rise.by}: {few}")
        elif amount.holds(rise.by):
            passed.append(f"{counter} {rise.by}")
        else:
            failed.append(f"{counter} {rise.by}{asked(amount)}")
            span = (rise.begin, rise.end)
    at = expectation.at or END
    for name, bounds in expectation.levels.items():
        number = _level(snapshots, at, expectation.broker, subject, name)
        if isinstance(number, str):
            unknowns.append(number)
            continue
        percent = isinstance(bounds, Portion)
        shown = f"{name} {number}{'%' if percent else ''}"
        if bounds.holds(number, 100) if isinstance(bounds, Portion) else bounds.holds(number):
            passed.append(shown)
        else:
            failed.append(f"{shown}{asked(bounds)}")
            span = span if expectation.amounts else _moment(snapshots, at, expectation.broker)
    between = [f"between {expectation.between[0]} and {expectation.between[1]}"] if expectation.amounts else []
    when = " and ".join([*between, *([f"at {at}"] if expectation.levels else [])])
    if failed:
        its = whereabouts(evidence, destination) if destination and expectation.between == (START, END) else None
        taken = f"; {its.taken_words()}" if its is not None and its.taken else ""
        return Outcome.FAILED, f"{what}, {when}: {'; '.join(failed)}{taken or evidence.causes.between(*span)}"
    if unknowns:
        return unknown("; ".join(dict.fromkeys(unknowns)), evidence)
    return Outcome.PASSED, f"{what}, {when}: {', '.join(passed)}"


def _rise(expectation: Counters, snapshots: Snapshots, subject: Subject | None, counter: str) -> Rise | str:
    """Return by how much a counter rose, or why that is unknown; without a subject, that of all destinations."""
    if subject is None:
        return snapshots.rise_of_all(expectation.between, expectation.broker, counter)
    return snapshots.rise(expectation.between, expectation.broker, subject, counter)


def _level(snapshots: Snapshots, at: str, broker: str, subject: Subject | None, name: str) -> int | str:
    """Return how many there are of something in a snapshot, or why that is unknown."""
    if subject is not None:
        return snapshots.count(at, broker, subject, _RECORDED.get(name, name))
    if name in _SUMMED:
        return snapshots.sum(at, broker, _SUMMED[name], _RECORDED.get(name, name))
    return snapshots.count(at, broker, Subject("broker", broker), _OF_ALL.get(name, name))


def _moment(snapshots: Snapshots, at: str, broker: str) -> tuple[float, float]:
    """Return the moment of a broker's part of a snapshot, as a span."""
    part = snapshots.part(at, broker)
    return (0.0, 0.0) if isinstance(part, str) else (part.t, part.t)


@judges.register(Stuck)
def judge_stuck(expectation: Stuck, evidence: Evidence) -> Finding:
    """Judge the number of messages left in a queue without consumers."""
    destination, snapshots = f"queue://{expectation.queue}", evidence.timeline.snapshots
    subject = Subject("destination", destination)
    names = ("queued", "consumers", "network-consumers")
    counts = [snapshots.count(expectation.at, expectation.broker, subject, name) for name in names]
    if unknowns := [count for count in counts if isinstance(count, str)]:
        return unknown(unknowns[0], evidence)
    waiting, consumers, bridges = (int(count) for count in counts)
    consumers -= bridges  # a bridge takes no message back to a broker it has been at
    stuck = 0 if consumers else waiting
    # Not acknowledged, and no client is there: a bridge has them, and they are stuck only if it gives them back.
    handed = snapshots.count(expectation.at, expectation.broker, subject, "in-flight")
    gone_on = min(handed, stuck) if isinstance(handed, int) and bridges else 0
    number = f"{stuck - gone_on} to {stuck} messages" if gone_on else several(stuck, "message")
    words = f"{number} of {destination} left on {expectation.broker} without a consumer"
    if consumers and waiting:
        words += f" ({waiting} wait there, and {several(consumers, 'consumer')} with them)"
    if gone_on:
        words += f": a bridge has {gone_on} of them, and no answer has come"
    least, at_most = expectation.count.at_least or 0, expectation.count.at_most
    most = inf if at_most is None else at_most
    passed = least <= stuck - gone_on and stuck <= most
    words += "" if passed else asked(expectation.count)
    if not passed and least <= stuck and stuck - gone_on <= most:
        return Outcome.UNKNOWN, words
    if stuck > gone_on and expectation.at == END:
        words += _cross_check(expectation, evidence, destination, stuck - gone_on)
    return Outcome.of(passed), words


def _cross_check(expectation: Stuck, evidence: Evidence, queue: str, stuck: int) -> str:
    """Return, as the end of a sentence, the ledger's count beside the broker's, and where the others are."""
    if why := why_not_counted(evidence, queue):
        return f"; it is unknown how many of them no client received: {why}"
    missing = never_received(evidence, queue)
    words = f"; accepted and received by no client: {shown_with_places(missing, evidence, queue)}"
    its = whereabouts(evidence, queue)
    elsewhere = its.words(without=expectation.broker) if its is not None else ""
    if len(missing) > stuck and elsewhere and elsewhere not in words:
        return f"{words}; {elsewhere}"
    more = stuck - len(missing)
    if more <= 0:
        return words
    perhaps = undecided(evidence, queue)
    if perhaps:
        words += f", {perhaps} of unknown acceptance or not acknowledged"
    if its is None or its.uncounted or more <= perhaps:
        return words
    if its.sent_by_others:
        return f"{words}; {its.sent_by_others} were sent by no step"
    if its.perhaps_twice:
        return f"{words}; {its.perhaps_twice} may be copies: a bridge that went down had no answer for them"
    return f"{words}: client and broker counts disagree"


@judges.register(Discarded)
def judge_discarded(expectation: Discarded, evidence: Evidence) -> Finding:
    """Judge the number of messages dropped for a slow bridge, and whether it explains all losses."""
    destination = f"topic://{expectation.topic}"
    rise = evidence.timeline.snapshots.rise(
        expectation.between, expectation.broker, Subject("destination", destination), "discarded"
    )
    if isinstance(rise, str):
        return unknown(rise, evidence)
    again = began_again(evidence, expectation.broker, destination, rise)
    lost = lost_elsewhere(evidence, expectation.broker, destination)
    words = f"{expectation.broker} discarded {again and 'at least '}{several(rise.by, 'message')} of {destination} "
    words += "for a slow bridge"
    second = f"; not received at other brokers: {shown(lost, evidence)}" if expectation.between == (START, END) else ""
    surely_too_many = expectation.count.at_most is not None and rise.by > expectation.count.at_most
    if surely_too_many or (not again and not expectation.count.holds(rise.by)):
        return Outcome.FAILED, words + asked(expectation.count) + second
    words += second
    surely_enough = expectation.count.at_most is None and expectation.count.holds(rise.by)
    if again and not (surely_enough and not expectation.explains_loss):
        return Outcome.UNKNOWN, f"{words}; {again}"
    if expectation.explains_loss and _equal_bodies(evidence, expectation.broker, destination):
        return Outcome.UNKNOWN, f"{words}; it is unknown how many did not arrive, as some have equal bodies: {ADVICE}"
    if expectation.explains_loss and (why := why_not_counted(evidence, destination)):
        return Outcome.UNKNOWN, f"{words}; it is unknown how many did not arrive: {why}"
    if expectation.explains_loss and len(lost) != rise.by:
        words += ": client and broker counts disagree"
        return (Outcome.FAILED, words) if evidence.timeline.complete else unknown(words, evidence)
    return Outcome.PASSED, words


def _equal_bodies(evidence: Evidence, broker: str, destination: str) -> bool:
    """Return whether messages of a broker's publishers have equal bodies."""
    return any(
        tally.alike and tally.publication.broker == broker and hears(destination, tally.publication.destination)
        for audience in evidence.audiences
        for tally in audience.tallies
    )


@judges.register(Demanded)
def judge_demand(expectation: Demanded, evidence: Evidence) -> Finding:
    """Judge the last observed demand or, after a step, the demand when `within` is over."""
    destination, timeline = str(destination_of(expectation)), evidence.timeline
    course = _course(expectation, timeline)
    if not course:
        return unknown(f"demand was not watched for {destination} on {expectation.broker}", evidence)
    if expectation.term is not None:
        return combine([_judge_after(expectation, expectation.term, evidence, course)], evidence)
    if silence := _unseen(expectation, timeline, timeline.end):
        return unknown(silent(silence), evidence)
    since, present = course[-1]
    words = f"{_words(expectation.broker, destination, present)}, since {moment(since)}"
    if not timeline.complete:
        return unknown(f"until then {words}", evidence)
    if present is expectation.present:
        return Outcome.PASSED, words
    return Outcome.FAILED, words + evidence.causes.near(since, since)


@measurements.register(Demanded)
def measured_demand(expectation: Demanded, evidence: Evidence) -> Iterator[tuple[float, float]]:
    """Yield when, after a step, demand came to be as expected or ceased to, with the time allowed; in seconds."""
    timeline, term = evidence.timeline, expectation.term
    step = None if term is None else timeline.last_step(term.after)
    if term is None or step is None:
        return
    until, was = timeline.next_fault(step), False
    for t, present in _course(expectation, timeline):
        is_expected = present is expectation.present
        if step.done < t <= until and is_expected is not was:
            yield t - step.done, term.within.total_seconds()
        was = is_expected


def _course(expectation: Demanded, timeline: Timeline) -> list[tuple[float, bool]]:
    """Return since when demand was there or not, in order of time; after a gap in the watching once more."""
    seen = timeline.demand.get((expectation.broker, str(destination_of(expectation))), ())
    course: list[tuple[float, bool]] = []
    for each in sorted(seen, key=lambda each: each.t):
        if not course or course[-1][1] is not each.present or timeline.coverage.gap(course[-1][0], each.t):
            course.append((each.t, each.present))
    return course


def _unseen(expectation: Demanded, timeline: Timeline, t: float) -> Silence | None:
    """Return why it is unknown whether demand was there at a moment; None if it is known."""
    looks = timeline.looks.get((expectation.broker, str(destination_of(expectation))), ())
    between = (each for each in looks if each.begin <= t < each.end)
    return timeline.coverage.silence(expectation.broker, t, t) or next(between, None)


def _judge_after(expectation: Demanded, term: Term, evidence: Evidence, course: list[tuple[float, bool]]) -> Finding:
    """Judge the demand when `within` is over, or just before the next step that changes a link or a broker."""
    timeline, within = evidence.timeline, term.within.total_seconds()
    destination, step = str(destination_of(expectation)), timeline.last_step(term.after)
    if step is None:
        return unknown(f"no step {term.after} was taken", evidence)
    begin = step.done
    horizon = min(begin + within, timeline.end, timeline.next_fault(step))
    if gap_in_it := timeline.coverage.gap(begin, horizon):
        return Outcome.UNKNOWN, unwatched(gap_in_it)
    if silence := _unseen(expectation, timeline, horizon):
        return Outcome.UNKNOWN, silent(silence)
    known = [(t, present) for t, present in course if t <= horizon]
    if not known:
        return unknown(
            f"demand was not watched for {destination} on {expectation.broker} before {moment(horizon)}", evidence
        )
    since, present = known[-1]
    words, after = _words(expectation.broker, destination, present), f"after {term.after} at {moment(begin)}"
    if present is expectation.present:
        if since <= begin and (silence := timeline.coverage.silence(expectation.broker, begin, horizon)):
            return Outcome.PASSED, f"{words} {gap(horizon - begin)} {after}, as before it; {silent(silence)}"
        return Outcome.PASSED, f"{words} {gap(since - begin) if since > begin else 'all along'} {after}"
    if horizon < begin + within:
        what = "the history ends" if horizon == timeline.end else "another step interferes"
        return Outcome.UNKNOWN, f"{words} {gap(horizon - begin)} {after}, when {what}: sooner than {gap(within)}"
    later = next((t for t, found in course if t > horizon and found is expectation.present), None)
    when = f"it took {gap(later - begin)}" if later is not None else "and not later either"
    return Outcome.FAILED, f"{words} when the time was over, {gap(within)} {after}; {when}"


def _words(broker: str, destination: str, present: bool) -> str:
    return f"{broker} has {'demand' if present else 'no demand'} for {destination}"


def began_again(evidence: Evidence, broker: str, destination: str | None, rise: Rise) -> str:
    """Return why a topic's counter, any topic's if None, may have begun again or count too few; "" if it has not.

    A bridge subscribes as those do that hear the topic beyond it: to a wildcard, and it counts for that alone.
    """
    lost = "and the counter with it"
    for t, end, up in evidence.timeline.bridge_changes:
        if not up and rise.begin < t < rise.end and broker in (end.broker, end.remote):
            return f"the bridge of {listed(sorted((end.broker, end.remote)))} went down at {moment(t)}, {lost}"
    for silence in evidence.timeline.coverage.silences:
        if silence.kind == "management" and silence.begin < rise.end and silence.end > rise.begin:
            return f"{silent(silence)}, so that a bridge may have gone unseen, {lost}"
    for each in evidence.ledger.subscriptions.values():
        own = each.destination
        if each.broker == broker or is_queue(own) or (destination is not None and not hears(own, destination)):
            continue
        for gone in (*(end for _, end in each.windows), *each.breaks):
            if rise.begin < gone < rise.end:
                return f"{each.client} stopped listening at {moment(gone)}, {lost}"
        listened = any(start < rise.end and end > rise.begin for start, end in each.windows)
        if listened and (has_wildcard(own) or (destination is not None and own != destination)):
            return f"what a bridge discards for {each.client} is counted of {own}"
    return ""
