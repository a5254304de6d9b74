"""Premises: what the steps of a scenario were to bring about before a claim about its messages can be judged.

Where a step did less than the scenario needs, what would have held is unknown; what is broken stays broken.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import hears
from lab.declare.expectations.base import Expectation
from lab.declare.expectations.browsed import BrowsedClaim
from lab.declare.expectations.finished import Finished
from lab.declare.expectations.latency import Latency
from lab.declare.expectations.receivers import ToReceivers
from lab.history import Approached, Browsed
from lab.judge.evidence.efforts import Effort
from lab.judge.evidence.evidence import Evidence
from lab.judge.wording import moment

_MOST = 3  # steps that a reason names


def failed_premises(claim: Expectation, evidence: Evidence) -> str:
    """Return which steps a claim rests on did less than it needs, and what would make it known; "" if none."""
    if not claim.rests_on_sending:
        return ""
    found = [*_efforts(claim, evidence), *_refused(claim, evidence)]
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "; ".join(found[:_MOST]) + more


def _efforts(claim: Expectation, evidence: Evidence) -> Iterator[str]:
    """Yield a reason for each step that sent or took less than the scenario needs, or at another pace than asked."""
    for effort in evidence.efforts:
        if effort.short and _concerns(effort, claim, evidence):
            enough = f"if so few were expected, write at-least: {effort.done} there"
            none = f"no claim can rest on that: see why none was {'taken' if effort.did == 'taken' else 'accepted'}"
            yield f"{effort.words}: {effort.amounts} ({enough if effort.done else none})"
        elif effort.off_pace and _is_of_speed(claim) and _concerns(effort, claim, evidence):
            yield f"{effort.words} did not keep its rate (write one that can be kept there)"


def _refused(claim: Expectation, evidence: Evidence) -> Iterator[str]:
    """Yield a reason for each subscription that a named receiver was refused, and each look after a browser's last."""
    if isinstance(claim, BrowsedClaim):
        its = [
            seen
            for seen in evidence.timeline.seen
            if isinstance(seen, Browsed | Approached) and seen.client == claim.client
        ]
        if its and isinstance(tried := its[-1], Approached) and tried.outcome != "ok":
            yield f"{tried.client} could not browse at {moment(tried.t)} ({tried.outcome}; give each look a client)"
    if not isinstance(claim, ToReceivers) or claim.to is None:
        return
    destination = _destination(claim)
    for tried in evidence.timeline.approaches:
        subscribing = tried.what in ("connect", "subscribe") and tried.destination != "" and tried.outcome != "ok"
        if not subscribing or tried.client not in claim.to.names:
            continue
        meant = destination is None or hears(destination, tried.destination)
        subscription = evidence.ledger.subscriptions.get((tried.client, tried.destination))
        if meant and (subscription is None or not subscription.windows):
            yield (
                f"{tried.client} was not let in to {tried.destination} at {moment(tried.t)} ({tried.outcome}; "
                "if that was expected, name the destination that is meant)"
            )


def _last_look(claim: BrowsedClaim, evidence: Evidence) -> Browsed | None:
    """Return what a browser saw the last time; None if it never saw anything."""
    looks = (each for each in evidence.timeline.seen if isinstance(each, Browsed) and each.client == claim.client)
    return max(looks, key=lambda look: look.t, default=None)


def _concerns(effort: Effort, claim: Expectation, evidence: Evidence) -> bool:
    """Return whether a claim is about the messages of an effort."""
    if isinstance(claim, BrowsedClaim):
        look = _last_look(claim, evidence)
        return look is not None and effort.began < look.t and look.destination in _destinations(effort, evidence)
    if isinstance(claim, Finished) and effort.did == "sent":
        steps = [evidence.timeline.last_step(word) for word in (claim.step, claim.of) if word is not None]
        return any(each is not None and each.step == effort.step for each in steps)
    destination = _destination(claim)
    if destination is not None and not any(hears(destination, its) for its in _destinations(effort, evidence)):
        return False
    if isinstance(claim, Latency) and claim.direction is not None and effort.did == "sent":
        return effort.broker == claim.direction[0]
    if isinstance(claim, ToReceivers):
        return _reaches(effort, claim, evidence)
    return _in_time(effort, claim, evidence)


def _destinations(effort: Effort, evidence: Evidence) -> tuple[str, ...]:
    """Return the destinations of an effort; of a step that takes of its client's subscriptions, all of these."""
    if effort.destination:
        return (effort.destination,)
    return tuple(destination for client, destination in evidence.ledger.subscriptions if client == effort.client)


def _reaches(effort: Effort, claim: ToReceivers, evidence: Evidence) -> bool:
    """Return whether what a step sends is for the receivers of a claim, or what it takes is taken by one of them."""
    if effort.did == "taken":
        return claim.to is None or effort.client in claim.to.names
    chosen = evidence.chosen(claim.to, _destination(claim))
    return not chosen or any(hears(own, effort.destination) for each in chosen for own in each.audience.destinations)


def _in_time(effort: Effort, claim: Expectation, evidence: Evidence) -> bool:
    """Return whether a step's messages count between the snapshots of a claim; yes if it has none."""
    moments = [evidence.timeline.snapshots.moment(name) for name in claim.snapshots]
    known = [each for each in moments if each is not None]
    if not known or len(known) < len(moments):
        return True
    return effort.began <= known[-1] and (len(known) < 2 or effort.ended >= known[0])


def _is_of_speed(claim: Expectation) -> bool:
    """Return whether a claim holds more easily at a lower rate: then messages are faster, and steps take longer."""
    if isinstance(claim, Finished):
        return claim.times is not None or (claim.within is not None and claim.within.at_least is not None)
    if not isinstance(claim, Latency):
        return False
    return any(each is not None and each.at_most is not None for each in (claim.p50, claim.p95, claim.p99, claim.max))


def _destination(claim: Expectation) -> str | None:
    """Return the destination that a claim names; None if it names none."""
    topic, queue = getattr(claim, "topic", None), getattr(claim, "queue", None)
    return f"topic://{topic}" if topic is not None else f"queue://{queue}" if queue is not None else None
