"""The basis of a simulated verdict: the part of the models that it depends on, by the expectation and its outcome.

A function of `measurements` yields the times that decide an expectation, each with its bound, in seconds.
"""

from __future__ import annotations

from lab.declare.expectations.base import Basis, Expectation
from lab.judge.chance import by_chance
from lab.judge.evidence.configurations import stampings
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import measurements

# By how much a time may be another one on another host; what was measured is in lab/simulation/costs.toml.
UNREST = 0.010  # seconds, and
SHARE = 0.1  # of the time itself, and
MESSAGE_SECONDS = 0.0003  # seconds for each message of the fullest second, and
START = 2.0  # seconds where a broker was started, or another instance took over


def basis(expectation: Expectation, evidence: Evidence) -> Basis:
    """Return the basis: the least sure part of the models that the verdict depends on."""
    if expectation.of_network or expectation.of_service:
        return expectation.basis
    pairs = [pair for measured in measurements.of(type(expectation)) for pair in measured(expectation, evidence)]
    if expectation.term is not None and not pairs:
        pairs = [(0.0, expectation.term.within.total_seconds())]
    bases = [expectation.basis]
    if any(abs(took - bound) <= margin(took, evidence) for took, bound in pairs):
        bases.append(Basis.CALIBRATED)
    if expectation.depends_on_sending and _discarded(evidence):
        bases.append(Basis.WINDOW)
    if _timed(evidence):
        bases.append(Basis.TIMER)
    elif expectation.basis is Basis.RULE and any(took * 2 >= bound for took, bound in pairs):
        bases.append(Basis.WINDOW)
    if by_chance(expectation, pairs, evidence):
        bases.append(Basis.CHANCE)
    return max(bases, key=list(Basis).index)


def margin(took: float, evidence: Evidence) -> float:
    """Return by how much a time may be another one on another host, in seconds."""
    started = START if evidence.timeline.restarted else 0.0
    return UNREST + SHARE * took + MESSAGE_SECONDS * evidence.ledger.fullest_second + started


def _timed(evidence: Evidence) -> bool:
    """Return whether a timer had a part in it: something was down, or a message could expire."""
    expires = any(each.expiry is not None for each in evidence.ledger.publications.values())
    return expires or bool(evidence.timeline.downtimes) or _lets_expire(evidence)


def _lets_expire(evidence: Evidence) -> bool:
    """Return whether a broker lets messages expire whose senders have not asked for it."""
    plugins = stampings(evidence.header.declared)
    return any(each.lives(None) is not None for its in plugins.values() for each in its)


def _discarded(evidence: Evidence) -> bool:
    """Return whether messages were too many for a window."""
    return any(each.discarded for samples in evidence.timeline.destinations.values() for each in samples)
