"""Expectations about the messages that receivers got: how far their evidence goes, and which steps they are about."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from lab.activemq.destinations import hears
from lab.declare.expectations.delivered import Delivered
from lab.declare.expectations.receivers import ToReceivers
from lab.judge.evidence.efforts import Effort
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.evidence.step_taken import of_attempt
from lab.judge.evidence.tally import Tally
from lab.judge.expectations.base import concerns, destination_named, of_dead_letters, of_its_destination, shortfalls
from lab.judge.wording import moment


def until_all_came(expectation: ToReceivers, evidence: Evidence) -> float:
    """Return when the last message that an expectation is about was sent or came; infinity if one did not come."""
    return max((_last(tally) for each in _chosen(expectation, evidence) for tally in each.tallies), default=inf)


@concerns.register(ToReceivers)
def concerned_receivers(expectation: ToReceivers, effort: Effort, evidence: Evidence) -> bool:
    """Return whether a step's messages are for the receivers of an expectation, or were taken by one of them."""
    if not of_its_destination(expectation, effort, evidence):
        return False
    if of_dead_letters(expectation, evidence):
        return True
    if effort.did == "taken":
        return expectation.to is None or effort.client in expectation.to.names
    chosen = _chosen(expectation, evidence)
    return not chosen or any(hears(own, effort.destination) for each in chosen for own in each.audience.destinations)


@shortfalls.register(ToReceivers)
def unmet_receivers(expectation: ToReceivers, evidence: Evidence) -> Iterator[str]:
    """Yield a reason for each subscription that a named receiver was refused, and for which no step stands."""
    destination, timeline = destination_named(expectation), evidence.timeline
    for tried in timeline.approaches if expectation.to is not None else ():
        subscribing = tried.what in ("connect", "subscribe") and tried.destination != "" and tried.outcome != "ok"
        if not subscribing or expectation.to is None or tried.client not in expectation.to.names:
            continue
        meant = destination is None or hears(destination, tried.destination)
        subscription = evidence.ledger.subscriptions.get((tried.client, tried.destination))
        never = subscription is None or not subscription.windows
        if meant and never and of_attempt(tried, timeline.steps) is None:
            yield (
                f"{tried.client} was not let in to {tried.destination} at {moment(tried.t)} ({tried.outcome}; "
                "if that was expected, name the destination that is meant)"
            )


def _chosen(expectation: ToReceivers, evidence: Evidence) -> tuple[Chosen, ...]:
    """Return the audiences that an expectation is about."""
    if isinstance(expectation, Delivered):
        return evidence.meant(expectation.arrivals)
    return evidence.chosen(expectation.to, destination_named(expectation))


def _last(tally: Tally) -> float:
    """Return when the last message of a tally was sent or came; infinity if one did not come."""
    if tally.lost or tally.waiting or tally.unsure or tally.in_doubt or tally.elsewhere or tally.alike:
        return inf
    sent_at = tally.publication.sent_at
    came = (sent_at[number] + took for number, took in zip(tally.arrived, tally.latency, strict=True))
    return max((*(t for t in sent_at[tally.publication.first :] if t == t), *came), default=inf)
