"""Preconditions: the work that a scenario's steps were to do before an expectation can be judged.

If a step did not do its work, an expectation that would have passed is unknown; a failed one stays failed. A file of
`lab.judge.expectations` may have, beside its `judge`, `until` (how far the expectation's evidence goes), `concerned`
(whether it is about a step's messages) and `unmet` (further reasons, which no step records).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from lab.activemq.destinations import hears
from lab.declare.expectations.base import Expectation
from lab.declare.steps.base import Part
from lab.history.expected.records import is_queue
from lab.judge.evidence.efforts import REPLAY, Effort
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.step_taken import StepTaken, of_attempt
from lab.judge.expectations.base import concerns, destination_named, evidence_end, of_dead_letters, shortfalls
from lab.judge.wording import moment

_MOST_STEPS = 3  # steps that a reason names
_ANEW = "do it anew, and judge from there on"


def failed_preconditions(expectation: Expectation, evidence: Evidence) -> str:
    """Return which steps did less than an expectation needs, and the remedy; "" if none did."""
    # A line that is not in a log may be missing because what would have caused it was never sent.
    sending = expectation.depends_on_sending or (expectation.of_absence and expectation.log_lines is not None)
    efforts = [*_efforts(expectation, evidence)] if sending else []
    # How much a step sent or took says more than that it was not done as asked.
    missed = [
        step
        for step in _missed(expectation, evidence)
        if not any(effort.label.startswith(step.label) for effort, _ in efforts)
    ]
    standing = evidence.timeline.standing
    remedy = _ANEW if standing else "if that was expected, write fails: yes beside the verb"
    found = [*_told([_words(step) for step in missed if not step.ok], remedy)]
    found += _told([_words(step) for step in missed if step.ok], "if that was expected, remove fails: yes")
    found += _told([*_windows(expectation, evidence)], "only a reboot step may have fails: yes, not a window")
    if sending:
        less = [reason for _, reason in efforts]
        less += _unannounced(evidence) if standing else ()
        for unmet in shortfalls.of(type(expectation))[:1]:
            less += unmet(expectation, evidence)
        found += _told(less)
    return "; ".join(found)


def not_taken_yet(expectation: Expectation, evidence: Evidence) -> str:
    """Return why the last step of a verb that an expectation names is not in a history that is cut short; "" if it is.

    The scenario declares how often it takes the verb; its own name is of one step alone.
    """
    timeline = evidence.timeline
    for word in () if timeline.complete else expectation.steps:
        taken = sum(step.verb == word for step in timeline.steps)
        if taken < _declared(evidence.header.declared.get("steps", ()), word):
            return f"the history is cut short at {moment(timeline.end)}, before the last {word}; until then"
    return ""


def _declared(steps: Sequence[Mapping[str, Any]], verb: str) -> int:
    """Count the steps of a verb among declared ones, at any depth; those of a repeat in each of its rounds."""
    total = 0
    for step in steps:
        total += verb in step
        total += _declared(step.get("together", ()), verb)
        if repeated := step.get("repeat"):
            total += repeated["times"] * _declared(repeated["steps"], verb)
    return total


def _told(reasons: Sequence[str], remedy: str = "") -> Iterator[str]:
    """Yield the first of some reasons in one clause, with how many there are besides, and their remedy."""
    if reasons:
        more = f"; and {len(reasons) - _MOST_STEPS} more" if len(reasons) > _MOST_STEPS else ""
        yield "; ".join(reasons[:_MOST_STEPS]) + more + (f" ({remedy})" if remedy else "")


def _missed(expectation: Expectation, evidence: Evidence) -> Iterator[StepTaken]:
    """Yield the steps that ended otherwise than the scenario has it, and that an expectation rests on."""
    timeline = evidence.timeline
    missed = [step for step in timeline.steps if step.missed]
    if not missed:
        return
    end = evidence_end(expectation, evidence)
    enough = {effort.step for effort in evidence.efforts if not effort.short}
    named = [step for step in map(timeline.last_step, expectation.steps) if step is not None]
    for step in missed:
        its = step.step not in enough and any(step == each or step.is_in(each) for each in named)
        # In a running lab nobody wrote down beforehand what is to happen: an expectation rests on the step that it
        # names.
        others = not timeline.standing and step.started <= end and _concerns(step, expectation, evidence)
        if its or others:
            yield step


def _windows(expectation: Expectation, evidence: Evidence) -> Iterator[str]:
    """Yield a reason for each maintenance window whose reboot failed, and that opened before the evidence ends."""
    timeline, opened = evidence.timeline, dict[str, float]()
    if timeline.standing or not expectation.depends_on & (Part.BROKERS | Part.RECORDS):
        return
    for seen in timeline.windows:
        if not seen.failed:
            opened[seen.broker] = seen.t
        elif opened.get(seen.broker, seen.t) <= evidence_end(expectation, evidence):
            yield f"{seen.broker}'s maintenance window, until {moment(seen.t)}, was not done as asked: {seen.failed}"


def _words(step: StepTaken) -> str:
    """Return how a step ended otherwise than the scenario has it."""
    if step.ok:
        return f"{step.label} went well, and was to fail"
    return f"{step.label} was not done as asked" + (f": {step.note}" if step.note else "")


def _concerns(step: StepTaken, expectation: Expectation, evidence: Evidence) -> bool:
    """Return whether a step was to change, or to wait for, something that an expectation rests on."""
    if step.kind.awaits:
        return expectation.of_absence  # one that something happens shows for itself that what was awaited came
    parts = step.kind.changes & expectation.depends_on
    if parts != Part.CLIENTS:
        return bool(parts)
    its = _subscriptions(step, evidence)
    if not its or of_dead_letters(expectation, evidence):
        return True
    return any(_concerns_listener(*each, expectation, evidence) for each in its)


def _subscriptions(step: StepTaken, evidence: Evidence) -> Collection[tuple[str, str]]:
    """Return the subscriptions that a step tried, or all of its client: client and destination, if known."""
    approaches = [each for each in evidence.timeline.approaches if each.destination]
    if tried := {(each.client, each.destination) for each in approaches if of_attempt(each, (step,))}:
        return tried
    every = {(each.client, each.destination) for each in approaches} | evidence.ledger.subscriptions.keys()
    return {(client, destination) for client, destination in every if step.is_of(client)}


def _concerns_listener(client: str, destination: str, expectation: Expectation, evidence: Evidence) -> bool:
    """Return whether an expectation concerns a client's subscription, or a queue that it shares or would share."""
    of, to = destination_named(expectation), getattr(expectation, "to", None)
    if of is not None and not (hears(destination, of) or hears(of, destination)):
        return False
    if to is None or client in to.names:
        return True
    shared = {its for each in evidence.chosen(to, of) for its in each.audience.destinations}
    return is_queue(destination) and any(hears(destination, its) for its in shared)


def _efforts(expectation: Expectation, evidence: Evidence) -> Iterator[tuple[Effort, str]]:
    """Yield each step that sent or took less than the scenario needs, or not at its pace, and why that counts."""
    concerned = concerns.of(type(expectation))[0]
    for effort in evidence.efforts:
        if effort.short and concerned(expectation, effort, evidence):
            enough = _anew(effort) if evidence.timeline.standing else _enough(effort)
            yield effort, f"{effort.label}: {effort.amounts} ({enough})"
        elif effort.off_pace and expectation.of_speed and concerned(expectation, effort, evidence):
            yield effort, f"{effort.label} did not keep its rate (write one that can be kept there)"


def _unannounced(evidence: Evidence) -> Iterator[str]:
    """Yield each replay into a running lab that has no end, and of which nothing tells what it was to send."""
    told = {its.part_of for its in evidence.ledger.publications.values()}
    for step in evidence.timeline.steps:
        if step.verb == REPLAY and step.ended is None and step.step not in told:
            remedy = f"judge again; if it was killed, {_ANEW}"
            yield f"{step.label}: it has no end and no record of its messages ({remedy})"


def _anew(effort: Effort) -> str:
    """Return what to do about a replay into a running lab."""
    return f"judge again when it has ended; if it was killed, {_ANEW}" if effort.open else _ANEW


def _enough(effort: Effort) -> str:
    """Return the text to write where a step was expected to do so much."""
    if effort.fails:
        return "it was to fail: if this was expected, remove fails: yes"
    if effort.done:
        return f"if so few were expected, write at-least: {effort.done} there"
    return f"no expectation can depend on that: see why none was {'taken' if effort.did == 'taken' else 'accepted'}"
