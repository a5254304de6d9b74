"""The claims about the service's side: states, current and pending revisions, users that wait, what a save removed."""

from __future__ import annotations

from lab.declare.expectations.broker_state import BrokerStateClaim
from lab.declare.expectations.configuration import ConfigurationClaim
from lab.declare.expectations.users import UsersClaim
from lab.declare.expectations.warnings import WarningsClaim
from lab.history import BrokerRecordSeen, ConfigurationSaved
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.timeline import StepTaken
from lab.judge.values import Outcome
from lab.judge.wording import moment
from lab.units import several

_Judged = tuple[Outcome, str]


def judge_broker_state(claim: BrokerStateClaim, evidence: Evidence) -> _Judged:
    """Judge a broker's state at a moment, or whether it was in it while a step was done."""
    if claim.during is None:
        found, when = _record(claim.broker, claim.after, evidence)
        if isinstance(found, str):
            return Outcome.UNKNOWN, found
        return _held(found.state == claim.state, f"{claim.broker} is {found.state}{when}", evidence)
    step = evidence.timeline.last_step(claim.during)
    if step is None:
        return Outcome.UNKNOWN, f"no step {claim.during} was taken"
    records = [each for each in _records(claim.broker, evidence) if step.started <= each.t <= step.done]
    states = [each.state for each in records if each.state == claim.state]
    when = f"during {claim.during} at {moment(step.started)}"
    if states:
        return _held(True, f"{claim.broker} was {claim.state} {when}", evidence)
    others = ", ".join(dict.fromkeys(each.state for each in records)) or "in no other state than before"
    return _held(False, f"{claim.broker} was {others} {when}", evidence)


def judge_configuration(claim: ConfigurationClaim, evidence: Evidence) -> _Judged:
    """Judge which revision a broker has, and which one waits."""
    found, when = _record(claim.broker, claim.after, evidence)
    if isinstance(found, str):
        return Outcome.UNKNOWN, found
    pending = found.pending_revision
    holds = (
        claim.name in (None, found.configuration)
        and claim.current in (None, found.revision)
        and (claim.pending is None or (pending is None if claim.pending == "none" else pending == claim.pending))
    )
    waits = "nothing pending" if pending is None else f"pending {found.pending_configuration} revision {pending}"
    words = f"{claim.broker} has {found.configuration} revision {found.revision}, {waits}{when}"
    return _held(holds, words, evidence)


def judge_users(claim: UsersClaim, evidence: Evidence) -> _Judged:
    """Judge what waits for a user."""
    found, when = _record(claim.broker, claim.after, evidence)
    if isinstance(found, str):
        return Outcome.UNKNOWN, found
    change = found.users.get(claim.user)
    state = "no-such-user" if change is None else change.lower() or "none"
    words = {
        "no-such-user": f"{claim.broker} has no user {claim.user}{when}",
        "none": f"the user {claim.user} of {claim.broker} has nothing pending{when}",
    }
    said = words.get(state, f"the user {claim.user} of {claim.broker} has a pending {change}{when}")
    return _held(state == claim.pending, said, evidence)


def judge_warnings(claim: WarningsClaim, evidence: Evidence) -> _Judged:
    """Judge what the service removed of a revision."""
    saved = [
        each
        for each in evidence.timeline.seen
        if isinstance(each, ConfigurationSaved)
        and each.configuration == claim.configuration
        and claim.revision in (None, each.revision)
    ]
    if not saved:
        which = "" if claim.revision is None else f" {claim.revision}"
        return Outcome.UNKNOWN, f"no revision{which} of {claim.configuration} was saved"
    last = saved[-1]
    wanted = [word for word in (claim.reason, claim.element, claim.attribute) if word is not None]
    fitting = [warning for warning in last.warnings if set(wanted) <= set(warning.split(" "))]
    holds = (claim.count is None or claim.count.holds(last.removed)) and (not wanted or bool(fitting))
    removed = f": {', '.join(last.warnings)}" if last.warnings else ""
    what = f"{several(last.removed, 'thing')}{removed}" if last.removed else "nothing"
    words = f"revision {last.revision} of {claim.configuration}: the service removed {what}"
    return _held(holds, words, evidence)


def _records(broker: str, evidence: Evidence) -> list[BrokerRecordSeen]:
    return [each for each in evidence.timeline.seen if isinstance(each, BrokerRecordSeen) and each.broker == broker]


def _record(broker: str, after: str | None, evidence: Evidence) -> tuple[BrokerRecordSeen | str, str]:
    """Return what the service kept of a broker at the end, or after the last step of a verb; or why nobody knows.

    What is recorded as the step ends has its moment or an earlier one, so the last record until then counts.
    """
    timeline, when = evidence.timeline, ""
    records = _records(broker, evidence)
    if after is not None:
        step = timeline.last_step(after)
        if step is None:
            return f"no step {after} was taken", ""
        if not _is_done(step):
            return f"the history ends before {after} at {moment(step.started)} was done", ""
        records = [each for each in records if each.t <= step.done]
        when = f" after {after} at {moment(step.done)}"
    if not records:
        return f"the history has no record of {broker}", ""
    return records[-1], when


def _is_done(step: StepTaken) -> bool:
    return step.ended is not None


def _held(holds: bool, words: str, evidence: Evidence) -> _Judged:
    timeline = evidence.timeline
    if not timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(timeline.end)}; until then: {words}"
    return (Outcome.HELD if holds else Outcome.BROKEN), words
