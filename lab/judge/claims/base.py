"""How far a claim's evidence goes, and which steps it is about, where the file of its kind does not know better."""

from __future__ import annotations

from math import inf

from lab.activemq.destinations import hears, is_dead_letter_queue
from lab.declare.expectations.base import Expectation
from lab.judge.evidence.efforts import Effort
from lab.judge.evidence.evidence import Evidence


def until(claim: Expectation, evidence: Evidence) -> float:
    """Return the moment until which a claim's evidence goes, in seconds; infinity if it goes to the end."""
    timeline = evidence.timeline
    if claim.term is not None and (step := timeline.last_step(claim.term.after)) is not None:
        return step.done + claim.term.within.total_seconds()
    if claim.of_service and claim.steps:  # what the service had noted as the step ended
        steps = [timeline.last_step(name) for name in claim.steps]
        return max((inf if each is None else each.done for each in steps), default=inf)
    moments = [timeline.snapshots.moment(name) for name in claim.snapshots]
    return max((inf if each is None else each for each in moments), default=inf)


def concerned(claim: Expectation, effort: Effort, evidence: Evidence) -> bool:
    """Return whether a claim is about what a step sent or took: of its destination, between its snapshots."""
    if not of_its_destination(claim, effort, evidence):
        return False
    moments = [evidence.timeline.snapshots.moment(name) for name in claim.snapshots]
    known = [each for each in moments if each is not None]
    begin = known[0] if len(known) == len(moments) > 1 else -inf
    return effort.began <= until(claim, evidence) and effort.ended >= begin


def of_its_destination(claim: Expectation, effort: Effort, evidence: Evidence) -> bool:
    """Return whether a step sent to, or took of, the destination that a claim names; yes if none, or dead letters."""
    destination = destination_named(claim)
    if destination is None or is_dead_letter_queue(destination):
        return True
    return any(hears(destination, its) for its in destinations(effort, evidence))


def of_dead_letters(claim: Expectation, evidence: Evidence) -> bool:
    """Return whether a claim is about dead letters: a message of any destination may become one."""
    destination, to = destination_named(claim), getattr(claim, "to", None)
    if destination is not None or to is None:
        return destination is not None and is_dead_letter_queue(destination)
    return any(is_dead_letter_queue(its) for each in evidence.chosen(to, None) for its in each.audience.destinations)


def destinations(effort: Effort, evidence: Evidence) -> tuple[str, ...]:
    """Return the destinations of an effort; of a step that takes of its client's subscriptions, all of these."""
    if effort.destination:
        return (effort.destination,)
    return tuple(destination for client, destination in evidence.ledger.subscriptions if client == effort.client)


def destination_named(claim: Expectation) -> str | None:
    """Return the destination that a claim names; None if it names none."""
    topic, queue = getattr(claim, "topic", None), getattr(claim, "queue", None)
    return f"topic://{topic}" if topic is not None else f"queue://{queue}" if queue is not None else None
