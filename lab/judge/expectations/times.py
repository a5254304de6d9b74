"""Judges of the expectations of times: latency, finished, recovered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from lab.activemq.destinations import destination_of
from lab.base import units
from lab.base.dataclass import dataclass
from lab.base.units import several
from lab.declare.expectations.times import Factor, Finished, Latency, Recovered
from lab.history.expected.records import Publication, is_queue
from lab.judge.equal_bodies import EQUAL, equal_bodies
from lab.judge.evidence.audiences import Audience
from lab.judge.evidence.efforts import Effort
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.evidence.queues import whereabouts
from lab.judge.evidence.sharing import takers
from lab.judge.evidence.step_taken import StepTaken
from lab.judge.evidence.tally import Tally
from lab.judge.expectations.base import concerns, evidence_ends, judges, measurements
from lab.judge.expectations.messages import concerned_receivers, until_all_came
from lab.judge.findings import Finding, combine, never_subscribed, unknown
from lab.judge.percentiles import Percentiles
from lab.judge.values import Outcome
from lab.judge.wording import gap, listed, milliseconds, moment

evidence_ends.register(Latency, Finished, Recovered)(until_all_came)
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
        findings.append((Outcome.UNKNOWN, alike) if alike else _judge_way(expectation, way, timed, evidence))
    return combine(findings, evidence)


@concerns.register(Latency)
def concerned_latency(expectation: Latency, effort: Effort, evidence: Evidence) -> bool:
    """Return whether an expectation is about the messages of a step; with a direction, those sent to its source."""
    if expectation.direction is not None and effort.did == "sent":
        return effort.broker == expectation.direction[0]
    return concerned_receivers(expectation, effort, evidence)


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


def _judge_way(expectation: Latency, way: str, timed: Sequence[Timed], evidence: Evidence) -> Finding:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """How a step's messages came: in seconds, from its beginning; `took` is how long it has lasted if some are lost."""

    name: str
    begin: float
    took: float
    expected: int
    lost: int

    @property
    def words(self) -> str:
        """Return the course in words."""
        if self.lost:
            missing = f"{self.lost} of {self.expected} deliveries of {self.name} were missing"
            return f"{missing} {moment(self.took)} after it began at {moment(self.begin)}"
        return f"{self.name} was finished {moment(self.took)} after it began at {moment(self.begin)}"


@judges.register(Finished)
def judge_finished(expectation: Finished, evidence: Evidence) -> Finding:
    """Judge how long the step took, and how that compares with another one."""
    own = _course(expectation.step, expectation, evidence)
    if isinstance(own, str):
        return unknown(own, evidence)
    findings: list[Finding] = []
    if expectation.within is not None:
        low, high = expectation.within.at_least, expectation.within.at_most
        fewest = None if low is None else low.total_seconds()
        longest = None if high is None else high.total_seconds()
        bounds = units.format_duration(high) if high is not None else ""
        allowed = f", at most {bounds} were allowed" if high is not None else ""
        allowed = allowed if low is None else f"{allowed}, at least {units.format_duration(low)} were asked"
        findings.append(_compare(own, own.took, fewest, longest, own.words, allowed, evidence))
    if expectation.times is not None and expectation.of is not None:
        findings.append(_against(own, expectation.of, expectation.times, expectation, evidence))
    return combine(findings, evidence)


@concerns.register(Finished)
def concerned_finished(expectation: Finished, effort: Effort, evidence: Evidence) -> bool:
    """Return whether a step sends messages of the expectation, or takes messages for one of its receivers."""
    if effort.did == "sent":
        steps = [evidence.timeline.last_step(name) for name in expectation.steps]
        return any(each is not None and each.step == effort.step for each in steps)
    return concerned_receivers(expectation, effort, evidence)


@measurements.register(Finished)
def measured_finished(expectation: Finished, evidence: Evidence) -> Iterator[tuple[float, float]]:
    """Yield the time that the step took, with each bound in seconds; a bound in times of another step is converted."""
    own = _course(expectation.step, expectation, evidence)
    if isinstance(own, str):
        return
    other = own if expectation.of is None else _course(expectation.of, expectation, evidence)
    for bound in () if expectation.within is None else (expectation.within.at_least, expectation.within.at_most):
        if bound is not None:
            yield own.took, bound.total_seconds()
    for times in () if expectation.times is None else (expectation.times.at_least, expectation.times.at_most):
        if times is not None and not isinstance(other, str):
            yield own.took, times * other.took
            if times:
                yield other.took, own.took / times  # by how much the other one may differ counts `times` as much


def _against(own: _Course, reference: str, times: Factor, expectation: Finished, evidence: Evidence) -> Finding:
    """Judge how many times as long as another step it took."""
    other = _course(reference, expectation, evidence)
    if isinstance(other, str):
        return unknown(other, evidence)
    if other.lost or not other.took:
        return unknown(f"{other.words}, so nothing can be compared with it", evidence)
    ratio = own.took / other.took
    words = f"{own.words}, {other.words}: {'so far ' if own.lost else ''}{ratio:.3g} times as long"
    asked = "" if times.at_most is None else f", at most {times.at_most:g} were allowed"
    asked += "" if times.at_least is None else f", at least {times.at_least:g} were asked"
    outcome, reason = _compare(own, ratio, times.at_least, times.at_most, words, asked, evidence)
    if outcome is Outcome.FAILED and not evidence.timeline.complete:
        return unknown(reason, evidence)  # what a cut history lacks of the other one may have come later
    return outcome, reason


def _compare(
    own: _Course, figure: float, low: float | None, high: float | None, text: str, asked: str, evidence: Evidence
) -> Finding:
    """Judge a figure against its bounds; one of a step that is not finished can only grow."""
    if high is not None and figure > high:
        near = evidence.causes.near(own.begin, own.begin + own.took)
        return Outcome.FAILED, f"{text}{asked}{near}"
    if own.lost:
        return unknown(text, evidence)
    if low is not None and figure < low:
        # What a cut history lacks of the step may have come later.
        return (Outcome.FAILED, f"{text}{asked}") if evidence.timeline.complete else unknown(text, evidence)
    return Outcome.PASSED, text


def _course(word: str, expectation: Finished, evidence: Evidence) -> _Course | str:
    """Return how a step's messages came to the receivers expected, or why that is unknown."""
    step = evidence.timeline.last_step(word)
    if step is None:
        return f"no step {word} was taken"
    publication = evidence.ledger.publications.get(str(step.step))
    if publication is None:
        return f"{word} sent nothing"
    chosen = evidence.chosen(expectation.to, publication.destination)
    tallies = [tally for each in chosen for tally in each.tallies if tally.publication is publication]
    present = {name for each in chosen for name in each.audience.names}
    if expectation.to is not None and (absent := [name for name in expectation.to.names if name not in present]):
        return f"{absent[0]} never subscribed to {publication.destination}"
    if any(tally.alike for tally in tallies):
        return f"the arrival times of messages of {word} are unknown, as bodies are equal"
    for each in chosen:
        if words := _not_all(each, publication, word):
            return words
    doubtful = sum(len(tally.unsure) + len(tally.waiting) for tally in tallies)
    if doubtful:
        return f"it is unknown whether {doubtful} messages of {word} were expected"
    pairs = [pair for tally in tallies for pair in zip(tally.arrived, tally.latency, strict=True)]
    came = [publication.sent_at[number] + took for number, took in pairs]
    expected, lost = sum(tally.expected for tally in tallies), sum(len(tally.lost) for tally in tallies)
    if not came and not lost:
        return f"no client was expected to receive a message of {word}"
    end = evidence.timeline.end if lost else max(came)
    return _Course(name=word, begin=step.started, took=end - step.started, expected=expected, lost=lost)


def _not_all(chosen: Chosen, publication: Publication, word: str) -> str:
    """Return why an audience cannot have finished with a step's messages; "" if it can.

    It has some of them from a queue that it shares, or none was expected.
    """
    who = listed(list(chosen.audience.names))
    for tally in chosen.tallies:
        if tally.publication is not publication:
            continue
        if tally.elsewhere:
            return f"{len(tally.elsewhere)} of {tally.expected} messages of {word} went to others than {who}"
        if not tally.expected and not tally.arrived and not tally.unsure and not tally.waiting:
            return f"{who} was expected to receive no message of {word}"
    return ""


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
    return combine([*findings, *(_judge_recovery(expectation, each, step, evidence) for each in chosen)], evidence)


@measurements.register(Recovered)
def measured_recovered(expectation: Recovered, evidence: Evidence) -> Iterator[tuple[float, float]]:
    """Yield the time until each audience's first message, with the time allowed; in seconds."""
    step = evidence.timeline.last_step(expectation.after)
    if step is None:
        return
    for each in evidence.chosen(expectation.to, destination_of(expectation)):
        if (first := min(_arrivals(each, step.done), default=None)) is not None:
            yield first[0] - step.done, expectation.within.total_seconds()


def _judge_recovery(expectation: Recovered, chosen: Chosen, step: StepTaken, evidence: Evidence) -> Finding:
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
        return (Outcome.UNKNOWN, f"an equal body came to {who} {after}; it is unknown whether it had come before")
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
        last = evidence.ledger.redeliveries.last.get((member.client, member.destination, position), -inf)
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
