"""The functions that judge a kind, by its class; by default, how far its evidence goes and which steps concern it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from typing import Any

from lab.activemq.destinations import hears, is_dead_letter_queue
from lab.declare.expectations.base import Expectation
from lab.declare.kinds import Registry
from lab.judge.evidence.efforts import Effort
from lab.judge.evidence.evidence import Evidence
from lab.judge.findings import Finding

_ROOM = "lab.judge.expectations"
_FAMILIES = ("forwarding bridge forwarded", "logs", "messages delivered", "network", "states", "times")
judges: Registry[Callable[[Any, Evidence], Finding]] = Registry(_ROOM, *_FAMILIES)
# The moment until which an expectation's evidence goes, in seconds; infinity if it goes to the end.
evidence_ends: Registry[Callable[[Any, Evidence], float]] = Registry(_ROOM, *_FAMILIES)
# Whether an expectation is about the messages of a step.
concerns: Registry[Callable[[Any, Effort, Evidence], bool]] = Registry(_ROOM, *_FAMILIES)
# The times that decide an expectation, each with its bound, in seconds.
measurements: Registry[Callable[[Any, Evidence], Iterator[tuple[float, float]]]] = Registry(_ROOM, *_FAMILIES)
# What else fell short of what an expectation needs, in words.
shortfalls: Registry[Callable[[Any, Evidence], Iterator[str]]] = Registry(_ROOM, *_FAMILIES)


def evidence_end(expectation: Expectation, evidence: Evidence) -> float:
    """Return the moment in seconds, infinity for the end: by the function of its class."""
    end = evidence.timeline.interval.end
    return end if end < inf else evidence_ends.of(type(expectation))[0](expectation, evidence)


@evidence_ends.register(Expectation)
def usual_end(expectation: Expectation, evidence: Evidence) -> float:
    """Return the moment until which an expectation's evidence goes, in seconds; infinity if it goes to the end."""
    timeline = evidence.timeline
    if expectation.term is not None and (step := timeline.last_step(expectation.term.after)) is not None:
        return step.done + expectation.term.within.total_seconds()
    if expectation.of_service and expectation.steps:  # what the service had noted as the step ended
        steps = [timeline.last_step(name) for name in expectation.steps]
        return max((inf if each is None else each.done for each in steps), default=inf)
    moments = [timeline.snapshots.moment(name) for name in expectation.snapshots]
    return max((inf if each is None else each for each in moments), default=inf)


@concerns.register(Expectation)
def usually_concerned(expectation: Expectation, effort: Effort, evidence: Evidence) -> bool:
    """Return whether an expectation is about a step's messages: of its destination, between its snapshots."""
    if not of_its_destination(expectation, effort, evidence):
        return False
    moments = [evidence.timeline.snapshots.moment(name) for name in expectation.snapshots]
    known = [each for each in moments if each is not None]
    begin = known[0] if len(known) == len(moments) > 1 else -inf
    return effort.began <= usual_end(expectation, evidence) and effort.ended >= begin


def of_its_destination(expectation: Expectation, effort: Effort, evidence: Evidence) -> bool:
    """Return whether a step used an expectation's destination; True if it has none, or dead letters."""
    destination = destination_named(expectation)
    if destination is None or is_dead_letter_queue(destination):
        return True
    return any(hears(destination, its) for its in destinations(effort, evidence))


def of_dead_letters(expectation: Expectation, evidence: Evidence) -> bool:
    """Return whether an expectation is about dead letters: a message of any destination may become one."""
    destination, to = destination_named(expectation), getattr(expectation, "to", None)
    if destination is not None or to is None:
        return destination is not None and is_dead_letter_queue(destination)
    return any(is_dead_letter_queue(its) for each in evidence.chosen(to, None) for its in each.audience.destinations)


def destinations(effort: Effort, evidence: Evidence) -> tuple[str, ...]:
    """Return the destinations of an effort; of a step that takes of its client's subscriptions, all of these."""
    if effort.destination:
        return (effort.destination,)
    return tuple(destination for client, destination in evidence.ledger.subscriptions if client == effort.client)


def destination_named(expectation: Expectation) -> str | None:
    """Return the destination that an expectation names; None if it names none."""
    topic, queue = getattr(expectation, "topic", None), getattr(expectation, "queue", None)
    return f"topic://{topic}" if topic is not None else f"queue://{queue}" if queue is not None else None
