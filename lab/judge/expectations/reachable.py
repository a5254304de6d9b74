"""Judge of the expectation `reachable`: whether a connection opens, by its packets and by the network's rules."""

from __future__ import annotations

from math import inf

from lab.base.units import several
from lab.declare.expectations.reachable import END, Reachable
from lab.history import Attempted
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import evidence_ends, judges
from lab.judge.findings import Finding
from lab.judge.values import Outcome
from lab.judge.wording import gap, moment

_ANSWERED = ("open", "refused")


@judges.register(Reachable)
def judge_reachable(expectation: Reachable, evidence: Evidence) -> Finding:
    """Judge the last attempt, by the answer to its packets, the network's rules, and whether both agree."""
    tried = _tried(expectation, evidence)
    if not tried:
        when = "at the end" if expectation.at == END else f"by a step called {expectation.at}"
        return Outcome.UNKNOWN, f"it was not tried {when}"
    last = tried[-1]
    if last.allowed != (last.answer in _ANSWERED):
        rules = "allow it" if last.allowed else f"do not allow it ({last.why})"
        return Outcome.FAILED, f"packets and network disagree: {_outcome(last)}, and the network's rules {rules}"
    if last.answer != expectation.answer:
        return Outcome.FAILED, f"{_outcome(last)}{_why(last)}"
    if expectation.because is not None and expectation.because != last.stop:
        return Outcome.FAILED, f"{_outcome(last)}, but because of {last.stop or 'nothing'}{_why(last)}"
    return Outcome.PASSED, f"{_outcome(last)}{_why(last)}"


@evidence_ends.register(Reachable)
def until_reachable(expectation: Reachable, evidence: Evidence) -> float:
    """Return when the connection was tried, in seconds; infinity if it was not."""
    return max((each.t for each in _tried(expectation, evidence)), default=inf)


def _tried(expectation: Reachable, evidence: Evidence) -> list[Attempted]:
    """Return the attempts that an expectation is about, of which the last one counts."""
    wanted = (expectation.at, expectation.source, expectation.to, expectation.port)
    return [each for each in evidence.timeline.attempts if wanted == (each.name, each.source, each.target, each.port)]


def _outcome(tried: Attempted) -> str:
    """Return the answer of an attempt and when it came, in words."""
    took = gap(tried.took_ms / 1000)
    how = f"silent for {took}" if tried.answer == "silent" else f"{tried.answer} after {took}"
    return f"{how} at {moment(tried.t)}"


def _why(tried: Attempted) -> str:
    """Return why an attempt had its answer, as the end of a sentence; "" if unknown."""
    counted = "; ".join(f"{several(packets, 'packet')} dropped: {cause}" for cause, packets in tried.dropped.items())
    parts = [tried.why] if tried.why and tried.why not in tried.dropped else []
    parts += [f"the router counted {counted}"] if counted else []
    return f": {'; '.join(parts)}" if parts else ""
