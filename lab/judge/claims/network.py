"""The expectations on the network: who reaches whom, what was dropped, how peerings and routes stand at the end."""

from __future__ import annotations

from lab.declare.expectations.dropped import Dropped
from lab.declare.expectations.peering import PeeringIs
from lab.declare.expectations.reachable import END, Reachable
from lab.declare.expectations.route import RouteIs
from lab.history import Attempted, PacketsDropped
from lab.judge.evidence.evidence import Evidence
from lab.judge.values import Outcome
from lab.judge.wording import gap, moment
from lab.units import several

_AT = {"way": "no-way", "out": "no-egress-rule", "in": "no-ingress-rule"}
_ANSWERED = ("open", "refused")


def judge_reachable(claim: Reachable, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge an attempt: by what packets did, by what the network says, and whether the two agree."""
    wanted = (claim.at, claim.source, claim.to, claim.port)
    tried = [each for each in evidence.timeline.attempts if wanted == (each.name, each.source, each.target, each.port)]
    if not tried:
        when = "at the end" if claim.at == END else f"by a step called {claim.at}"
        return Outcome.UNKNOWN, f"it was not tried {when}"
    last = tried[-1]
    if last.allowed != (last.answer in _ANSWERED):
        says = "that it comes about" if last.allowed else f"that it does not ({last.why})"
        return Outcome.BROKEN, f"packets and network disagree: {_met(last)}, and the network says {says}"
    if last.answer != claim.answer:
        return Outcome.BROKEN, f"{_met(last)}{_why(last)}"
    if claim.because is not None and claim.because != last.stop:
        return Outcome.BROKEN, f"{_met(last)}, but because of {last.stop or 'nothing'}{_why(last)}"
    return Outcome.HELD, f"{_met(last)}{_why(last)}"


def _met(tried: Attempted) -> str:
    took = gap(tried.took_ms / 1000)
    how = f"silent for {took}" if tried.answer == "silent" else f"{tried.answer} after {took}"
    return f"{how} at {moment(tried.t)}"


def _why(tried: Attempted) -> str:
    counted = "; ".join(f"{several(packets, 'packet')} dropped: {cause}" for cause, packets in tried.dropped.items())
    parts = [tried.why] if tried.why and tried.why not in tried.dropped else []
    parts += [f"the router counted {counted}"] if counted else []
    return f": {'; '.join(parts)}" if parts else ""


def judge_dropped(claim: Dropped, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge how many packets the router dropped, by its own counters."""
    timeline = evidence.timeline
    if not timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(timeline.end)}, before the router was asked"
    found = [each for each in timeline.dropped if _meant(claim, each)]
    packets = sum(each.packets for each in found)
    causes = "; ".join(f"{each.packets}: {each.cause}" for each in found)
    reason = f"{several(packets, 'packet')} dropped" + (f" ({causes})" if causes else "")
    return (Outcome.HELD if claim.packets.holds(packets) else Outcome.BROKEN), reason


def _meant(claim: Dropped, seen: PacketsDropped) -> bool:
    ends = (claim.source, claim.to) == (seen.source, seen.target)
    port = claim.port is None or f" {claim.port} " in f"{seen.cause} "
    return ends and port and claim.because in (None, _AT.get(seen.at))


def judge_peering(claim: PeeringIs, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge the state of a peering by the last that was seen of it."""
    seen = evidence.timeline.peerings.get(claim.name)
    if seen is None:
        return Outcome.UNKNOWN, f"no peering {claim.name} was ever seen"
    return _last(claim.state, seen.state, seen.t, f"{claim.name} ({seen.id})", evidence)


def judge_route(claim: RouteIs, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge the state of a route by the last that was seen of it."""
    seen = evidence.timeline.routes.get((claim.table, str(claim.destination)))
    if seen is None:
        state, what = "none", f"no route {claim.destination} was ever seen in {claim.table}"
        found = Outcome.HELD if claim.state == state else Outcome.BROKEN
        return (found if evidence.timeline.complete else Outcome.UNKNOWN), what
    state = "none" if seen.state == "deleted" else seen.state
    return _last(claim.state, state, seen.t, f"the route {claim.destination} of {claim.table}", evidence)


def _last(wanted: str, state: str, since: float, what: str, evidence: Evidence) -> tuple[Outcome, str]:
    timeline = evidence.timeline
    words = {"none": "gone", "blackhole": "a blackhole"}.get(state, state)
    reason = f"{what} is {words} since {moment(since)}"
    if not timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(timeline.end)}; until then: {reason}"
    return (Outcome.HELD if state == wanted else Outcome.BROKEN), reason
