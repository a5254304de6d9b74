"""Judges of the expectations of a state: of the network, of Amazon MQ's records, of a web console."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import dropwhile, takewhile

from lab.activemq.protocols import ENDPOINTS
from lab.base.units import several
from lab.declare.expectations.states import (
    BrokerStateExpectation,
    ConfigurationExpectation,
    NetworkPage,
    PeeringIs,
    RouteIs,
    TopicsPage,
    UsersExpectation,
    WarningsExpectation,
)
from lab.history import BridgeSeen, BrokerRecordSeen, ConfigurationSaved, Observation, StepEnded, StepStarted
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.snapshots import Subject, not_counted
from lab.judge.evidence.step_taken import StepTaken
from lab.judge.evidence.timeline import End
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, at_the_end, unknown
from lab.judge.values import Outcome
from lab.judge.wording import moment, silent


@judges.register(PeeringIs)
def judge_peering(expectation: PeeringIs, evidence: Evidence) -> Finding:
    """Judge the last observed state of a peering."""
    seen = evidence.timeline.peerings.get(expectation.name)
    if seen is None:
        return Outcome.UNKNOWN, f"no peering {expectation.name} was ever seen"
    words = f"{expectation.name} ({seen.id}) is {seen.state} since {moment(seen.t)}"
    return at_the_end(seen.state == expectation.state, words, evidence)


@judges.register(RouteIs)
def judge_route(expectation: RouteIs, evidence: Evidence) -> Finding:
    """Judge the last observed state of a route."""
    seen = evidence.timeline.routes.get((expectation.table, str(expectation.destination)))
    if seen is None:
        what = f"no route {expectation.destination} was ever seen in {expectation.table}"
        return Outcome.of(expectation.state == "none") if evidence.timeline.complete else Outcome.UNKNOWN, what
    worded = {"deleted": ("none", "gone"), "blackhole": ("blackhole", "a blackhole")}
    state, words = worded.get(seen.state, (seen.state, seen.state))
    what = f"the route {expectation.destination} of {expectation.table} is {words} since {moment(seen.t)}"
    return at_the_end(state == expectation.state, what, evidence)


@judges.register(BrokerStateExpectation)
def judge_broker_state(expectation: BrokerStateExpectation, evidence: Evidence) -> Finding:
    """Judge a broker's state at the end or after a step, or whether it had the state during a step."""
    if expectation.during is None:
        found, when = last_record(expectation.broker, expectation.after, evidence)
        if isinstance(found, str):
            return Outcome.UNKNOWN, found
        return at_the_end(found.state == expectation.state, f"{expectation.broker} is {found.state}{when}", evidence)
    step = evidence.timeline.last_step(expectation.during)
    if step is None:
        return Outcome.UNKNOWN, f"no step {expectation.during} was taken"
    its = records_during(expectation.broker, step, evidence)
    if not its:
        return Outcome.UNKNOWN, f"the history has no record of {expectation.broker}"
    when = f"during {expectation.during} at {moment(step.started)}"
    if any(each.state == expectation.state for each in its):
        return at_the_end(True, f"{expectation.broker} was {expectation.state} {when}", evidence)
    others = ", ".join(dict.fromkeys(each.state for each in its))
    return at_the_end(False, f"{expectation.broker} was {others} {when}", evidence)


@judges.register(ConfigurationExpectation)
def judge_configuration(expectation: ConfigurationExpectation, evidence: Evidence) -> Finding:
    """Judge which revision a broker has, and which one is pending."""
    found, when = last_record(expectation.broker, expectation.after, evidence)
    if isinstance(found, str):
        return Outcome.UNKNOWN, found
    pending = found.pending_revision
    holds = (
        expectation.name in (None, found.configuration)
        and expectation.current in (None, found.revision)
        and (
            expectation.pending is None
            or (pending is None if expectation.pending == "none" else pending == expectation.pending)
        )
    )
    waits = "nothing pending" if pending is None else f"pending {found.pending_configuration} revision {pending}"
    words = f"{expectation.broker} has {found.configuration} revision {found.revision}, {waits}{when}"
    return at_the_end(holds, words, evidence)


@judges.register(UsersExpectation)
def judge_users(expectation: UsersExpectation, evidence: Evidence) -> Finding:
    """Judge the pending change of a user."""
    found, when = last_record(expectation.broker, expectation.after, evidence)
    if isinstance(found, str):
        return Outcome.UNKNOWN, found
    change = found.users.get(expectation.user)
    state = "no-such-user" if change is None else change.lower() or "none"
    words = {
        "no-such-user": f"{expectation.broker} has no user {expectation.user}{when}",
        "none": f"the user {expectation.user} of {expectation.broker} has nothing pending{when}",
    }
    said = words.get(state, f"the user {expectation.user} of {expectation.broker} has a pending {change}{when}")
    return at_the_end(state == expectation.pending, said, evidence)


@judges.register(WarningsExpectation)
def judge_warnings(expectation: WarningsExpectation, evidence: Evidence) -> Finding:
    """Judge the removals from the last saved revision that is expected."""
    saved = [
        each
        for each in evidence.timeline.seen
        if isinstance(each, ConfigurationSaved)
        and each.configuration == expectation.configuration
        and expectation.revision in (None, each.revision)
    ]
    if not saved:
        which = "" if expectation.revision is None else f" {expectation.revision}"
        return Outcome.UNKNOWN, f"no revision{which} of {expectation.configuration} was saved"
    last = saved[-1]
    wanted = [word for word in (expectation.reason, expectation.element, expectation.attribute) if word is not None]
    fitting = [warning for warning in last.warnings if set(wanted) <= set(warning.split(" "))]
    holds = (expectation.count is None or expectation.count.holds(last.removed)) and (not wanted or bool(fitting))
    removed = f": {', '.join(last.warnings)}" if last.warnings else ""
    what = f"{several(last.removed, 'thing')}{removed}" if last.removed else "nothing"
    words = f"revision {last.revision} of {expectation.configuration}: the service removed {what}"
    return at_the_end(holds, words, evidence)


@judges.register(NetworkPage)
def judge_network_page(expectation: NetworkPage, evidence: Evidence) -> Finding:
    """Judge the rows of a broker's Network page at the end."""
    timeline = evidence.timeline
    looks = (
        each
        for end, found in timeline.looks.items()
        if isinstance(end, End) and end.broker == expectation.broker
        for each in found
        if each.begin < timeline.end < each.end
    )
    silence = timeline.coverage.silence(expectation.broker, timeline.end, timeline.end) or next(looks, None)
    if silence is not None:
        return unknown(f"the rows of its Network page are unknown: {silent(silence)}", evidence)
    rows = [each for each in timeline.bridges.values() if each.up and each.broker == expectation.broker]
    its = [each for each in rows if each.remote == expectation.remote]
    if its:
        words = f"{expectation.broker}'s Network page: {'; '.join(map(_row, its))}"
    elif rows:
        words = f"{expectation.broker}'s Network page has no row for {expectation.remote}: {'; '.join(map(_row, rows))}"
    else:
        words = f"{expectation.broker}'s Network page is empty"
    return at_the_end(any(_fits(expectation, each) for each in its), words, evidence)


def _fits(expectation: NetworkPage, row: BridgeSeen) -> bool:
    """Return whether a row has the columns expected."""
    if expectation.created_by_duplex not in (None, row.created_by_duplex):
        return False
    if expectation.remote_port == "ephemeral":
        return _port(row).isdigit() and int(_port(row)) not in {each.port for each in ENDPOINTS}
    return expectation.remote_port is None or _port(row) == str(expectation.remote_port)


def _row(row: BridgeSeen) -> str:
    by = "true" if row.created_by_duplex else "false"
    return f"remote broker {row.remote}, remote port {_port(row) or 'unknown'}, created by duplex {by}"


def _port(row: BridgeSeen) -> str:
    return row.remote_address.rpartition(":")[2]


@judges.register(TopicsPage)
def judge_topics_page(expectation: TopicsPage, evidence: Evidence) -> Finding:
    """Judge whether a broker had a topic when a snapshot was taken."""
    part = evidence.timeline.snapshots.part(expectation.at, expectation.broker)
    if isinstance(part, str):
        return Outcome.UNKNOWN, part
    topic = f"topic://{expectation.topic}"
    if why := not_counted(topic):
        return Outcome.UNKNOWN, why
    listed = Subject("destination", topic) in part.counted
    words = f"{expectation.broker} {'lists' if listed else 'does not list'} {expectation.topic} at {moment(part.t)}"
    return Outcome.of(listed == expectation.listed), words


def records_during(broker: str, step: StepTaken, evidence: Evidence) -> list[BrokerRecordSeen]:
    """Return the records of a broker during a step: those between its two lines, or else the last one before.

    In a simulation, other steps can change the record at the same moments.
    """

    def is_before(line: Observation) -> bool:
        return not (isinstance(line, StepStarted) and line.step == step.step)

    seen = evidence.timeline.seen
    made = _records(broker, _until_end(step, dropwhile(is_before, seen)))
    return made or _records(broker, takewhile(is_before, seen))[-1:]


def last_record(broker: str, after: str | None, evidence: Evidence) -> tuple[BrokerRecordSeen | str, str]:
    """Return a broker's record at the end or, given a verb, after the last such step; and that moment in words.

    The first value is instead the reason if there is no such record. The record after a step is the last record before
    the line of the step's end: in a simulation, the next step can change the record at the same moment.
    """
    timeline, when = evidence.timeline, ""
    lines: Iterable[Observation] = timeline.seen
    if after is not None:
        step = timeline.last_step(after)
        if step is None:
            return f"no step {after} was taken", ""
        if step.ended is None:
            return f"the history ends before {after} at {moment(step.started)} was done", ""
        lines = _until_end(step, lines)
        when = f" after {after} at {moment(step.done)}"
    found = _records(broker, lines)
    if not found:
        return f"the history has no record of {broker}", ""
    return found[-1], when


def _until_end(step: StepTaken, lines: Iterable[Observation]) -> Iterable[Observation]:
    return takewhile(lambda line: not (isinstance(line, StepEnded) and line.step == step.step), lines)


def _records(broker: str, lines: Iterable[Observation]) -> list[BrokerRecordSeen]:
    return [line for line in lines if isinstance(line, BrokerRecordSeen) and line.broker == broker]
