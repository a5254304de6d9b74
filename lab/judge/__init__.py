"""History → Report: one verdict per expectation, from the history alone, in one pass over it.

The clients' ledger decides; the brokers' counters are a second witness, and a note says where they disagree.
An expectation kind is one function here and one class in `lab.declare.scenario`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

from lab.declare.expectations import expectations_of
from lab.declare.expectations.base import Expectation
from lab.declare.expectations.bridge import Bridge
from lab.declare.expectations.broker_state import BrokerStateClaim
from lab.declare.expectations.configuration import ConfigurationClaim
from lab.declare.expectations.counters import Counters
from lab.declare.expectations.delivered import Delivered
from lab.declare.expectations.demand import Demanded
from lab.declare.expectations.discarded import Discarded
from lab.declare.expectations.dropped import Dropped
from lab.declare.expectations.duplicates import Duplicates
from lab.declare.expectations.forwarded import Forwarded
from lab.declare.expectations.latency import Latency
from lab.declare.expectations.log import Log
from lab.declare.expectations.network_page import NetworkPage
from lab.declare.expectations.ordered import Ordered
from lab.declare.expectations.peering import PeeringIs
from lab.declare.expectations.reachable import Reachable
from lab.declare.expectations.recovered import Recovered
from lab.declare.expectations.route import RouteIs
from lab.declare.expectations.stuck import Stuck
from lab.declare.expectations.topics_page import TopicsPage
from lab.declare.expectations.unreachable import Unreachable
from lab.declare.expectations.users import UsersClaim
from lab.declare.expectations.warnings import WarningsClaim
from lab.errors import InputError, Place
from lab.history import Header, Observation, observations
from lab.judge.claims.bridge import judge_bridge
from lab.judge.claims.console import judge_network_page, judge_topics_page
from lab.judge.claims.counted import judge_counters, judge_discarded, judge_forwarded, judge_stuck
from lab.judge.claims.delivered import judge_delivered
from lab.judge.claims.demand import judge_demand
from lab.judge.claims.latency import judge_latency
from lab.judge.claims.log import judge_log
from lab.judge.claims.network import judge_dropped, judge_peering, judge_reachable, judge_route
from lab.judge.claims.receipts import judge_duplicates, judge_ordered
from lab.judge.claims.recovered import judge_recovered
from lab.judge.claims.service import judge_broker_state, judge_configuration, judge_users, judge_warnings
from lab.judge.claims.unreachable import judge_unreachable
from lab.judge.evidence.evidence import Evidence, take_in
from lab.judge.evidence.witnesses import testimonies
from lab.judge.reporting import bridges, deliveries, flows, limits, links, notes, regions
from lab.judge.values import Outcome, Report, Verdict, worst

__all__ = ["Judged", "Outcome", "Report", "Verdict", "judge", "judge_file", "judge_whole"]

JUDGES: Mapping[type[Expectation], Callable[[Any, Evidence], tuple[Outcome, str]]] = {
    Delivered: judge_delivered,
    Bridge: judge_bridge,
    Latency: judge_latency,
    Duplicates: judge_duplicates,
    Ordered: judge_ordered,
    Counters: judge_counters,
    Forwarded: judge_forwarded,
    Stuck: judge_stuck,
    Discarded: judge_discarded,
    Demanded: judge_demand,
    Log: judge_log,
    Recovered: judge_recovered,
    Reachable: judge_reachable,
    Dropped: judge_dropped,
    PeeringIs: judge_peering,
    RouteIs: judge_route,
    BrokerStateClaim: judge_broker_state,
    ConfigurationClaim: judge_configuration,
    UsersClaim: judge_users,
    WarningsClaim: judge_warnings,
    Unreachable: judge_unreachable,
    NetworkPage: judge_network_page,
    TopicsPage: judge_topics_page,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A Report, and what it was made of, for those who draw it."""

    report: Report
    evidence: Evidence
    limits: tuple[float, ...]  # of each audience: after how many seconds a message is late


class History(Protocol):
    """A history as it is judged: `lab.history.History`, or one that streams from its file."""

    @property
    def header(self) -> Header:
        """Return line one."""
        ...

    @property
    def observations(self) -> Iterable[Observation]:
        """Return the rest, which is read once."""
        ...


_DAMAGE = (KeyError, TypeError, AttributeError, ValueError)  # what a header that was edited ends in, read by many


class Streamed(NamedTuple):
    """A history that is not held in memory."""

    header: Header
    observations: Iterable[Observation]


def judge_file(path: Path, expectations: Sequence[Expectation] | None = None) -> Report:
    """Judge a history from its file, by its own expectations when none are given, without holding it in memory."""
    return judge_whole(path, expectations).report


def judge_whole(path: Path, expectations: Sequence[Expectation] | None = None) -> Judged:
    """Judge a history from its file as `judge_file` does, and give the evidence too."""
    stream = observations(path)
    header = next(stream)
    assert isinstance(header, Header)  # the reader gives it first, or raises
    try:
        asked = expectations_of(header.declared) if expectations is None else expectations
        return _judged(asked, Streamed(header, cast(Iterable[Observation], stream)))
    except _DAMAGE as error:
        if not _is_damaged(header, expectations):
            raise  # a mistake of ours
        why = " ".join(str(error).split())[:200]
        what = f"what this history declares cannot be read: {type(error).__name__}: {why}"
        place = Place(file=str(path), line=1, column=1)
        raise InputError.of(what, "was it edited? judge it as it was written", place) from error


def _is_damaged(header: Header, expectations: Sequence[Expectation] | None) -> bool:
    """Return whether a header cannot be judged by itself, without anything having happened."""
    try:
        _judged(expectations_of(header.declared) if expectations is None else expectations, Streamed(header, ()))
    except _DAMAGE:
        return True
    return False


def judge(expectations: Sequence[Expectation], history: History) -> Report:
    """Return one verdict per expectation, and the figures, from the history alone."""
    return _judged(expectations, history).report


def _judged(expectations: Sequence[Expectation], history: History) -> Judged:
    header = history.header
    evidence = take_in(header, history.observations)
    verdicts = []
    for expectation in expectations:
        outcome, reason = JUDGES[type(expectation)](expectation, evidence)
        verdicts.append(Verdict(expectation=expectation.words(), outcome=outcome, reason=reason))
    outcome = worst([verdict.outcome for verdict in verdicts])
    if not verdicts and not evidence.timeline.complete:
        outcome = Outcome.UNKNOWN
    within, witnesses = limits(expectations, evidence), testimonies(evidence)
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
        notes=notes(expectations, evidence, witnesses),
        regions=regions(evidence),
        witnesses=witnesses,
    )
    return Judged(report=report, evidence=evidence, limits=within)
