"""The expectation `duplicates`: how often messages came again to each subscriber."""

from __future__ import annotations

from lab.activemq.destinations import destination_of
from lab.declare.expectations.duplicates import Duplicates
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.findings import Finding, never_subscribed, together
from lab.judge.values import Outcome
from lab.judge.wording import listed, moment
from lab.units import several


def judge(claim: Duplicates, evidence: Evidence) -> Finding:
    """Judge how many receipts there were beyond each message's first."""
    chosen = evidence.chosen(claim.to, destination_of(claim))
    findings = never_subscribed(claim.to, chosen)
    return together([*findings, *(_one(claim, each, evidence) for each in chosen)], evidence)


def duplicated(chosen: Chosen, evidence: Evidence) -> str:
    """Say how many duplicates there were and which came first; empty when there were none."""
    number_of_them = sum(tally.duplicated for tally in chosen.tallies)
    again = [(tally, *tally.again) for tally in chosen.tallies if tally.again is not None]
    if not number_of_them or not again:
        return ""
    tally, number, when = min(again, key=lambda each: each[2])
    near = evidence.causes.near(when, when)
    first = f"first {tally.publication.named(number)} again at {moment(when)}"
    return f"{several(number_of_them, 'duplicate')}, {first}{near}"


def _one(claim: Duplicates, chosen: Chosen, evidence: Evidence) -> Finding:
    who = listed(list(chosen.audience.names))
    if not any(tally.arrived or tally.alike for tally in chosen.tallies):
        return Outcome.UNKNOWN, f"{who} received nothing, so nothing could come twice"
    number = sum(tally.duplicated for tally in chosen.tallies)
    if number > claim.at_most:
        return Outcome.BROKEN, f"{who} received {duplicated(chosen, evidence)}, allowed are {claim.at_most}"
    if any(tally.alike for tally in chosen.tallies):
        return Outcome.UNKNOWN, f"{who} received equal bodies, and some are missing: a duplicate may be among them"
    came = sum(len(tally.arrived) for tally in chosen.tallies)
    return Outcome.HELD, f"{who} received {several(came, 'message')}, {number or 'none'} of them once more"
