"""Verdicts of a simulation outside its calibrated range: they are unknown if their evidence may depend on it.

Brokers that a bridge has joined, directly or over other brokers, may delay one another. So such an event on one broker
makes the later evidence of all of them unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.activemq.destinations import hears
from lab.declare.expectations.base import Arrivals, Basis, Expectation
from lab.history import Uncalibrated
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import destination_named, evidence_end, measurements
from lab.judge.values import Outcome
from lab.judge.wording import listed, moment

# Real brokers took 1.5 to 2.3 times as long as models for bursts of more than some 500 messages a second.
BURST, SLOWER = 500, 2.3


def uncalibrated(expectation: Expectation, evidence: Evidence) -> str:
    """Return why an expectation cannot be judged outside the calibrated range; "" if it can be judged."""
    known = [seen for seen in evidence.timeline.uncalibrated if _concerns(expectation, seen, evidence)]
    if not known:
        return ""
    first = min(known, key=lambda seen: seen.since)
    return f"outside the calibrated range from {_told(first.since)} on: {first.why}"


def rushed(expectation: Expectation, outcome: Outcome, evidence: Evidence) -> str:
    """Return why an outcome is not known since real brokers take longer for so many messages at once; "" if it is."""
    if _in_a_burst(evidence) and (outcome is Outcome.PASSED or expectation.basis is Basis.WINDOW):
        for measured in measurements.of(type(expectation)):
            if any(took <= bound < took * SLOWER for took, bound in measured(expectation, evidence)):
                return f"outside the calibrated range: {_burst(evidence)}"
    return ""


def _in_a_burst(evidence: Evidence) -> bool:
    return evidence.header.simulated and evidence.ledger.fullest_second > BURST


def _burst(evidence: Evidence) -> str:
    sent = evidence.ledger.fullest_second
    return f"{sent:,} messages were sent within a second, for which real brokers may take {SLOWER} times as long"


def calibration_notes(evidence: Evidence) -> Iterator[str]:
    """Yield a note for each exit from the calibrated range: the brokers whose results are a guess from then on."""
    by_cause: dict[tuple[str, float], set[str]] = {}
    for seen in evidence.timeline.uncalibrated:
        by_cause.setdefault((seen.why, seen.since), set()).add(seen.broker)
    for (why, since), brokers in by_cause.items():
        whom = "all brokers" if "" in brokers else listed(sorted(_joined(brokers, evidence)))
        yield f"Outside the calibrated range: {why}. From {_told(since)} on, the results of {whom} are a guess."
    if _in_a_burst(evidence):
        yield f"Outside the calibrated range: {_burst(evidence)}. Times of those messages are a guess."


def _told(since: float) -> str:
    """Return a moment in words; a moment before the replay becomes the replay's beginning."""
    return moment(max(since, 0.0))


def _concerns(expectation: Expectation, seen: Uncalibrated, evidence: Evidence) -> bool:
    """Return whether evidence may come from a broker, or one joined to it, outside the calibrated range."""
    if evidence_end(expectation, evidence) < seen.since:
        return False
    if not seen.broker:
        return True
    if expectation.of_service or (expectation.of_network and expectation.basis is Basis.RULE):
        return False  # records, rules and packets, which no broker has a part in
    its = _brokers(expectation, evidence)
    return not its or bool(its & _joined({seen.broker}, evidence))


def _brokers(expectation: Expectation, evidence: Evidence) -> set[str]:
    """Return the brokers that an expectation names: directly, or by a client, a connector or a destination there."""
    names, declared = set(_texts(expectation.written())), evidence.header.declared
    ledger, timeline = evidence.ledger, evidence.timeline
    found = names & {*declared.get("topology", {}).get("brokers", ())}
    clients = [(each.client, each.broker) for each in ledger.subscriptions.values()]
    clients += [(each.client, each.broker) for each in ledger.publications.values()]
    clients += [(each.client, each.broker) for each in timeline.approaches]
    found.update(broker for client, broker in clients if client in names)
    for end in timeline.bridges:
        if end.connector in names:
            found |= {end.broker, end.remote}
    destination = destination_named(expectation)
    if expectation.depends_on_messages or destination is not None:
        for audience in evidence.covered(Arrivals(to=getattr(expectation, "to", None), destination=destination)):
            found.update(audience.audience.brokers)
            found.update(tally.publication.broker for tally in audience.tallies)
        for publication in ledger.publications.values():
            if destination is not None and hears(destination, publication.destination):
                found.add(publication.broker)
    return found


def _joined(brokers: set[str], evidence: Evidence) -> set[str]:
    """Return brokers with all that bridges have joined them to."""
    found, ends = set(brokers), [{end.broker, end.remote} for end in evidence.timeline.bridges]
    while more := [each for each in ends if each & found and not each <= found]:
        found.update(*more)
    return found


def _texts(declared: Any) -> Iterator[str]:
    """Yield every text in an expectation as it is written, however deep."""
    if isinstance(declared, str):
        yield declared
    for each in declared.values() if isinstance(declared, dict) else declared if isinstance(declared, list) else ():
        yield from _texts(each)
