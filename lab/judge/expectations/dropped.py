"""Judge of the expectation `dropped`: the packets that the router dropped between two endpoints."""

from __future__ import annotations

from lab.base.units import several
from lab.declare.expectations.dropped import Dropped
from lab.history import PacketsDropped
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding
from lab.judge.values import Outcome
from lab.judge.wording import moment

_AT = {"way": "no-way", "out": "no-egress-rule", "in": "no-ingress-rule"}


@judges.register(Dropped)
def judge_dropped(expectation: Dropped, evidence: Evidence) -> Finding:
    """Judge the number of packets that the router dropped, by its own counters."""
    timeline = evidence.timeline
    if timeline.standing:
        return Outcome.UNKNOWN, "the router's drop counters are read when a run ends, and not in a running lab"
    if not timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(timeline.end)}, before the router was asked"
    found = [each for each in timeline.dropped if _matches(expectation, each)]
    packets = sum(each.packets for each in found)
    causes = "; ".join(f"{each.packets}: {each.cause}" for each in found)
    reason = f"{several(packets, 'packet')} dropped" + (f" ({causes})" if causes else "")
    return Outcome.of(expectation.packets.holds(packets)), reason


def _matches(expectation: Dropped, dropped: PacketsDropped) -> bool:
    """Return whether the expectation is about these packets."""
    ends = (expectation.source, expectation.to) == (dropped.source, dropped.target)
    port = expectation.port is None or f" {expectation.port} " in f"{dropped.cause} "
    return ends and port and expectation.because in (None, _AT.get(dropped.at))
