"""Judge of the expectation `finished`: the time from a step's beginning to the last first arrival of its messages."""

from __future__ import annotations

from collections.abc import Iterator

from lab.base import units
from lab.base.dataclass import dataclass
from lab.declare.expectations.finished import Factor, Finished
from lab.history.expected.records import Publication
from lab.judge.evidence.efforts import Effort
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.expectations import receivers
from lab.judge.expectations.base import concerns, evidence_ends, judges, measurements
from lab.judge.findings import Finding, combine, unknown
from lab.judge.values import Outcome
from lab.judge.wording import listed, moment


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


@evidence_ends.register(Finished)
def until_finished(expectation: Finished, evidence: Evidence) -> float:
    """Return when the last of its messages was sent or came, in seconds; infinity if one did not come."""
    return receivers.until_all_came(expectation, evidence)


@concerns.register(Finished)
def concerned_finished(expectation: Finished, effort: Effort, evidence: Evidence) -> bool:
    """Return whether a step sends messages of the expectation, or takes messages for one of its receivers."""
    if effort.did == "sent":
        steps = [evidence.timeline.last_step(name) for name in expectation.steps]
        return any(each is not None and each.step == effort.step for each in steps)
    return receivers.concerned_receivers(expectation, effort, evidence)


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
