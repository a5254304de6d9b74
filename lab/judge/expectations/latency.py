"""Judge of the expectation `latency`: the time from send to first arrival."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from lab.base import units
from lab.declare.expectations.latency import Latency
from lab.history.expected.records import Publication
from lab.judge.equal_bodies import equal_bodies
from lab.judge.evidence.audiences import Audience
from lab.judge.evidence.efforts import Effort
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.tally import Tally
from lab.judge.expectations import receivers
from lab.judge.expectations.base import concerns, evidence_ends, judges, measurements
from lab.judge.findings import Finding, combine, never_subscribed, unknown
from lab.judge.percentiles import Percentiles
from lab.judge.values import Outcome
from lab.judge.wording import listed, milliseconds, moment

_UNTIMED = "the time of each message is unknown"


class Timed(NamedTuple):
    """The numbers of a publication's messages that reached an audience, and the latency of each in seconds."""

    audience: Audience
    publication: Publication
    numbers: Sequence[int]
    took: Sequence[float]
    error: float = 0.0  # seconds by which each time may be wrong


@judges.register(Latency)
def judge_latency(expectation: Latency, evidence: Evidence) -> Finding:
    """Judge every bound, for each audience or for all subscribers of one direction together."""
    chosen = evidence.chosen(expectation.to, None)
    findings = [] if expectation.direction and expectation.to is None else never_subscribed(expectation.to, chosen)
    for way, timed, alike in _ways(expectation, evidence):
        findings.append((Outcome.UNKNOWN, alike) if alike else _judge_one(expectation, way, timed, evidence))
    return combine(findings, evidence)


@evidence_ends.register(Latency)
def until_latency(expectation: Latency, evidence: Evidence) -> float:
    """Return when the last of its messages was sent or came, in seconds; infinity if one did not come."""
    return receivers.until_all_came(expectation, evidence)


@concerns.register(Latency)
def concerned_latency(expectation: Latency, effort: Effort, evidence: Evidence) -> bool:
    """Return whether an expectation is about the messages of a step; with a direction, those sent to its source."""
    if expectation.direction is not None and effort.did == "sent":
        return effort.broker == expectation.direction[0]
    return receivers.concerned_receivers(expectation, effort, evidence)


@measurements.register(Latency)
def measured_latency(expectation: Latency, evidence: Evidence) -> Iterator[tuple[float, float]]:
    """Yield each figure that has a bound, with the bound; in seconds."""
    for _, timed, alike in _ways(expectation, evidence):
        ordered = sorted(took for each in timed for took in each.took)
        figures = Percentiles.of(ordered)
        if alike or figures is None:
            continue
        if expectation.at_least is not None:
            yield ordered[0], expectation.at_least.total_seconds()
        for name, figure in figures.named:
            bounds = getattr(expectation, name)
            for bound in () if bounds is None else (bounds.at_least, bounds.at_most):
                if bound is not None:
                    yield figure, bound.total_seconds()


def _ways(expectation: Latency, evidence: Evidence) -> Iterator[tuple[str, Sequence[Timed], str]]:
    """Yield each way that is judged by itself: in words, its messages, and why their times are unknown; "" if known."""
    chosen = evidence.chosen(expectation.to, None)
    if expectation.direction is None:
        for each in chosen:
            who = listed(list(each.audience.names))
            its = [_timed(each.audience, tally, evidence) for tally in each.tallies]
            yield f"to {who}", its, equal_bodies(each.tallies, who, _UNTIMED)
        return
    source, target = expectation.direction
    there = [each.audience for each in chosen if target in each.audience.brokers]
    tallies = [tally for audience in there for tally in audience.tallies if tally.publication.broker == source]
    timed = [found for each in chosen for found in _crossing(each.audience, source, target, evidence)]
    yield f"from {source} to {target}", timed, equal_bodies(tallies, target, _UNTIMED)


def _timed(audience: Audience, tally: Tally, evidence: Evidence) -> Timed:
    return Timed(audience, tally.publication, *tally.timed(), evidence.clock_error(tally))


def _crossing(audience: Audience, source: str, target: str, evidence: Evidence) -> Iterator[Timed]:
    """Yield the messages from one broker's publishers to the audience's members at another broker."""
    there = [member for member in audience.members if member.broker == target]
    for tally in audience.tallies:
        publication = tally.publication
        if publication.broker != source or not there:
            continue
        if len(there) == len(audience.members):
            yield _timed(audience, tally, evidence)
            continue
        for member in there:  # members that share a queue with others
            if publication.step in member.arrivals and not tally.alike:
                arrivals = member.arrivals[publication.step]
                waited = {*tally.kept, *arrivals.retained}
                first = publication.first
                numbers = [n for n, times in enumerate(arrivals.times) if n >= first and times and n not in waited]
                took = [arrivals.first_at[n] - publication.sent_at[n] for n in numbers]
                yield Timed(audience, publication, numbers, took, evidence.clock_error(tally))


def _judge_one(expectation: Latency, way: str, timed: Sequence[Timed], evidence: Evidence) -> Finding:
    ordered = sorted(took * 1000 for each in timed for took in each.took)
    figures = Percentiles.of(ordered)
    if figures is None:
        return Outcome.UNKNOWN, f"nothing whose time could be taken went {way}"
    whole = evidence.timeline.complete
    error = 1000 * max((each.error for each in timed), default=0.0)
    unsure = ""  # a figure that is above its bound or below, as the clocks of brokers differ
    failed: list[str] = []
    so_far: list[str] = []  # messages that a cut history lacks may mend these
    least = None if expectation.at_least is None else units.milliseconds(expectation.at_least)
    if expectation.at_least is not None and least is not None and ordered[0] + error < least:
        bound = units.format_duration(expectation.at_least)
        first = _first(timed, lambda took: took < least, evidence)
        failed.append(f"the fastest took {milliseconds(ordered[0])}, asked were at least {bound}{first}")
    for name, figure in figures.named:
        bounds = getattr(expectation, name)
        if bounds is None:
            continue
        for bound in (bounds.at_most, bounds.at_least):
            if bound is not None and abs(figure - units.milliseconds(bound)) <= error > 0:
                unsure = f"{name} is {milliseconds(figure)}"
        if bounds.at_most is not None and figure - error > (most := units.milliseconds(bounds.at_most)):
            first = _first(timed, lambda took, most=most: took > most, evidence)  # type: ignore[misc]
            allowed = units.format_duration(bounds.at_most)
            lasts = whole or name == "max"
            (failed if lasts else so_far).append(f"{name} is {milliseconds(figure)}, allowed are {allowed}{first}")
        if bounds.at_least is not None and figure + error < units.milliseconds(bounds.at_least):
            asked = units.format_duration(bounds.at_least)
            (failed if whole else so_far).append(f"{name} is {milliseconds(figure)}, asked were at least {asked}")
    if failed or so_far:
        words = f"{way}, over {len(ordered)}: {'; '.join((*failed, *so_far))}"
        return (Outcome.FAILED, words) if failed else unknown(words, evidence)
    if least is not None and abs(ordered[0] - least) <= error > 0:
        unsure = f"the fastest took {milliseconds(ordered[0])}"
    if unsure:
        near = f"{unsure}, give or take {milliseconds(error)} as the brokers' clocks differ, so its bound is undecided"
        return Outcome.UNKNOWN, f"{way}, over {len(ordered)}: {near}"
    return Outcome.PASSED, (
        f"{way}, over {len(ordered)}: fastest {milliseconds(ordered[0])}, p50 {milliseconds(figures.p50)}, "
        f"p95 {milliseconds(figures.p95)}, p99 {milliseconds(figures.p99)}, slowest {milliseconds(figures.max)}"
    )


def _first(timed: Sequence[Timed], breaks: Callable[[float], bool], evidence: Evidence) -> str:
    """Return in words the first message sent that breaks a bound, and the likely cause; `breaks` takes milliseconds."""
    sent, of, number, took = min(
        (
            (each.publication.sent_at[number], each, number, took)
            for each in timed
            for number, took in zip(each.numbers, each.took, strict=True)
            if breaks(took * 1000)
        ),
        key=lambda found: found[0],
    )
    near = evidence.causes.of_way(of.audience, of.publication, sent, sent + took)
    return f" (first {of.publication.named(number)}, sent at {moment(sent)}, took {milliseconds(took * 1000)}{near})"
