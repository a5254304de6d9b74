"""History → Report: one verdict per expectation, from the history alone, in one pass over it.

The clients' ledger decides; the brokers' counters are a cross-check, and a note has each disagreement.
A function of `lab.judge.expectations` judges each kind of expectation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from lab.base.dataclass import dataclass
from lab.declare.application import Application
from lab.declare.expectations import EXPECTATIONS, expectations_of
from lab.declare.expectations.base import Expectation
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.errors import InputError, LabError, Place
from lab.history import Header, Marked, Observation, damage, observations
from lab.history.checksum import has_end
from lab.history.shared_file import lock_file
from lab.judge.basis import basis
from lab.judge.calibrated_range import rushed, uncalibrated
from lab.judge.doubts import as_of, doubt, unproven
from lab.judge.evidence.cross_checks import cross_checks
from lab.judge.evidence.evidence import Evidence, collect_evidence
from lab.judge.evidence.interval import WHOLE, Interval, between
from lab.judge.expectations.base import judges
from lab.judge.figures import bridges, deliveries, flows, limits, linked, links, notes, regions, step_reports
from lab.judge.preconditions import failed_preconditions, not_taken_yet
from lab.judge.values import Outcome, Report, Verdict, worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A Report and the evidence it was made from, for drawing."""

    report: Report
    evidence: Evidence
    limits: tuple[Mapping[int, float], ...]  # for each audience, by step, the seconds after which a message is late
    file: Path | None = None  # the history, if it is in a file


class History(Protocol):
    """A header and observations to judge: a `lab.history.History`, or a history streamed from its file."""

    @property
    def header(self) -> Header:
        """Return the header, which is the first line."""
        ...

    @property
    def observations(self) -> Iterable[Observation]:
        """Return all other lines; they are iterated over once."""
        ...

    @property
    def damage(self) -> str:
        """Return the known damage of the history, with its place; "" if there is none."""
        ...


_DAMAGE = (
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
)  # what reading an edited header may raise, in many modules


class Streamed(NamedTuple):
    """A history whose observations are read as they are judged, and not held in memory."""

    header: Header
    observations: Iterable[Observation]
    damage: str = ""


def judge(
    expectations: Sequence[Expectation],
    history: History,
    *,
    steps: Mapping[str, type[Step]] = STEPS,
) -> Report:
    """Return a report with one verdict per expectation and all figures, from the history alone.

    >>> from lab.declare.expectations import expectations_of
    >>> report = judge(expectations_of(history.header.declared), history)
    >>> [str(verdict.outcome) for verdict in report.verdicts]
    ['passed', 'passed', 'passed']
    """
    return _judged(expectations, history, steps).report


def judge_file(
    path: Path, expectations: Sequence[Expectation] | None = None, *, since: str | None = None, until: str | None = None
) -> Report:
    """Return the report on a history's file, which is not held in memory, by its own expectations if none are given.

    `since` and `until` are texts of marks: only the interval between them is judged. Raise InputError if the file or a
    mark is wrong.
    """
    return judge_whole(path, expectations, since=since, until=until).report


def judge_whole(
    path: Path,
    expectations: Sequence[Expectation] | None = None,
    *,
    since: str | None = None,
    until: str | None = None,
    kinds: Mapping[str, type[Expectation]] = EXPECTATIONS,
    steps: Mapping[str, type[Step]] = STEPS,
    clients: Mapping[str, Application] | None = None,
) -> Judged:
    """Judge a history's file as `judge_file` does, and return the evidence with the report.

    `clients` are the applications that expectations name, by name (default: those of the run's own scenario).
    """
    interval = WHOLE
    if since is not None or until is not None:
        interval = between((seen for seen in observations(path) if isinstance(seen, Marked)), since, until)
    stream = observations(path)
    header = next(stream)
    assert isinstance(header, Header)  # the reader yields it first, or raises

    unsealed = _unsealed(path, header)
    damaged = damage(path)

    def judged(observations: Iterable[Observation]) -> Judged:
        asked = expectations_of(header.declared, kinds) if expectations is None else expectations
        told = Streamed(header, observations, f"{path.name}: {damaged}" if damaged else "")
        return _judged(asked, told, steps, interval, str(path), clients, unsealed)

    try:
        return judged(cast(Iterable[Observation], stream))
    except _DAMAGE as error:
        try:
            judged(())  # the header alone, without observations
        except _DAMAGE:
            why = " ".join(str(error).split())[:200]
            what = f"the header's scenario cannot be read: {type(error).__name__}: {why}"
            place = Place(file=str(path), line=1, column=1)
            raise InputError.of(what, "was it edited? judge it as it was written", place) from error
        raise  # a mistake of ours


def _unsealed(path: Path, header: Header) -> str:
    """Return the reason why a history has no checksum; "" if it has an end, or if an open lab still writes it."""
    lock = lock_file(path)
    if (header.standing and lock.exists()) or has_end(path):
        return ""
    if not header.standing:
        return "The history has no end, so no checksum shows whether it was edited"
    return f"The history has no end and no checksum, and no open lab writes it: {lock.name} is not beside it"


def _judged(
    expectations: Sequence[Expectation],
    history: History,
    steps: Mapping[str, type[Step]],
    interval: Interval = WHOLE,
    file: str = "",
    clients: Mapping[str, Application] | None = None,
    unsealed: str = "",
) -> Judged:
    header = history.header
    evidence = collect_evidence(header, history.observations, interval, steps, file, history.damage, clients, unsealed)
    verdicts = [_verdict(expectation, evidence) for expectation in expectations]
    outcome = worst([verdict.outcome for verdict in verdicts])
    timeline = evidence.timeline
    if evidence.damage or (not verdicts and (timeline.uncalibrated or not timeline.complete or evidence.unsealed)):
        outcome = Outcome.UNKNOWN
    within, checks = limits(expectations, evidence), cross_checks(evidence)
    report = Report(
        scenario=header.scenario,
        run=header.run,
        seed=header.seed,
        runtime=header.runtime,
        started=header.started,
        mqlab=header.mqlab,
        outcome=outcome,
        verdicts=tuple(verdicts),
        deliveries=deliveries(evidence, within),
        flows=flows(evidence),
        links=links(evidence),
        bridges=bridges(evidence),
        notes=notes(expectations, evidence, checks),
        regions=regions(evidence),
        linked=linked(evidence),
        steps=step_reports(evidence),
        cross_checks=checks,
        routes=evidence.routes.rows,
        routes_notes=evidence.routes.notes,
        round_trips=header.round_trips,
        tcp=header.tcp,
        set=_set(header),
    )
    return Judged(report=report, evidence=evidence, limits=within, file=Path(file) if file else None)


def _set(header: Header) -> Mapping[str, str]:
    """Return the values set instead of the scenario's own, KEY → VALUE; raise TypeError if one is not a text."""
    found = header.declared.get("set", {})
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise TypeError("set holds something else than texts")
    return found


def _verdict(expectation: Expectation, evidence: Evidence) -> Verdict:
    """Return the verdict on an expectation; raise LabError if nothing judges its kind."""
    judge_kind = next(iter(judges.of(type(expectation))), None)
    if judge_kind is None:
        remedy = f"register a function for {type(expectation).__name__} with judges, in lab/judge/expectations"
        raise LabError(f"nothing judges the expectation {expectation.kind}", remedy)
    depends_on = None
    if evidence.header.simulated:
        depends_on = expectation.basis if evidence.damage else basis(expectation, evidence)
    if evidence.damage:
        why = f"the history is damaged, so its content is unknown: {evidence.damage}"
        return Verdict(expectation=expectation.words(), outcome=Outcome.UNKNOWN, reason=why, basis=depends_on)
    outcome, reason = judge_kind(expectation, evidence)
    if outcome is Outcome.FAILED and (cut := not_taken_yet(expectation, evidence)):
        outcome, reason = Outcome.UNKNOWN, f"{cut}: {reason}"
    if why := doubt(expectation, evidence.timeline):
        outcome, reason = Outcome.UNKNOWN, why
    elif why := uncalibrated(expectation, evidence) or rushed(expectation, outcome, evidence):
        outcome, reason = Outcome.UNKNOWN, f"{why}; by the models: {reason}"
    elif why := unproven(expectation, outcome, evidence) or _unmet(expectation, outcome, evidence):
        outcome, reason = Outcome.UNKNOWN, f"{why}; apart from that {reason}"
    if outcome is Outcome.PASSED and (why := evidence.unsealed):
        outcome, reason = Outcome.UNKNOWN, f"{why[0].lower()}{why[1:]}; apart from that {reason}"
    reason = as_of(evidence.timeline) + reason
    return Verdict(expectation=expectation.words(), outcome=outcome, reason=reason, basis=depends_on)


def _unmet(expectation: Expectation, outcome: Outcome, evidence: Evidence) -> str:
    """Return the preconditions that failed, in words, of a verdict that would pass; else ""."""
    return failed_preconditions(expectation, evidence) if outcome is Outcome.PASSED else ""
