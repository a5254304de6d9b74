"""Judge of the expectation `answered`: the answers that came into the requesters' temporary queues."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, hears
from lab.base import units
from lab.declare.expectations.answered import AnsweredExpectation
from lab.history import Answered, Replied
from lab.history.expected.records import OK, Publication
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import judges, measurements
from lab.judge.findings import Finding, at_the_end, unknown
from lab.judge.values import Outcome
from lab.judge.wording import gap, moment

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
