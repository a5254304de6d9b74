"""The expectation `latency`: how long messages took from send to first receipt."""

from __future__ import annotations

from lab import units
from lab.declare.scenario import Latency
from lab.judge.evidence import Chosen, Evidence
from lab.judge.values import Outcome, Percentiles, worst
from lab.judge.wording import listed, milliseconds, moment


def judge_latency(claim: Latency, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge every bound for every subscriber by itself."""
    chosen = evidence.chosen(claim.to, None)
    present = {name for each in chosen for name in each.audience.names}
    findings = [(Outcome.UNKNOWN, f"{name} never subscribed") for name in claim.to if name not in present]
    if not chosen and not findings:
        findings.append((Outcome.UNKNOWN, "nobody ever subscribed"))
    findings += [_one(claim, each) for each in chosen]
    outcome = worst([found for found, _ in findings])
    reason = "; ".join(words for found, words in findings if found is outcome)
    if outcome is Outcome.HELD and not evidence.timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(evidence.timeline.end)}; until then: {reason}"
    return outcome, reason


def _one(claim: Latency, chosen: Chosen) -> tuple[Outcome, str]:
    who = listed(list(chosen.audience.names))
    ordered = sorted(took * 1000 for tally in chosen.tallies for took in tally.latency)
    figures = Percentiles.of(ordered)
    if figures is None:
        return Outcome.UNKNOWN, f"{who} received nothing whose time could be taken"
    broken = []
    if claim.at_least is not None and ordered[0] < units.milliseconds(claim.at_least):
        bound = units.format_duration(claim.at_least)
        broken.append(f"the fastest took {milliseconds(ordered[0])}, asked were at least {bound}")
    for name, figure in (("p50", figures.p50), ("p95", figures.p95), ("p99", figures.p99), ("max", figures.max)):
        limit = getattr(claim, name)
        if limit is not None and figure > units.milliseconds(limit):
            broken.append(f"{name} is {milliseconds(figure)}, allowed are {units.format_duration(limit)}")
    if broken:
        return Outcome.BROKEN, f"to {who}, over {len(ordered)}: {', '.join(broken)}"
    return Outcome.HELD, (
        f"to {who}, over {len(ordered)}: fastest {milliseconds(ordered[0])}, p50 {milliseconds(figures.p50)}, "
        f"p95 {milliseconds(figures.p95)}, p99 {milliseconds(figures.p99)}, slowest {milliseconds(figures.max)}"
    )
