"""Judge of the expectation `duplicates`: arrivals beyond each message's first."""

from __future__ import annotations

from lab.activemq.destinations import destination_of
from lab.base.units import several
from lab.declare.expectations.duplicates import Duplicates
from lab.judge.equal_bodies import EQUAL, equal_bodies
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.evidence.sharing import takers
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, combine, never_subscribed
from lab.judge.quiet import in_words, not_quiet
from lab.judge.second_copies import second_copies
from lab.judge.unexplained import in_words as strangers
from lab.judge.values import Outcome
from lab.judge.wording import listed, moment


@judges.register(Duplicates)
def judge_duplicates(expectation: Duplicates, evidence: Evidence) -> Finding:
    """Judge the number of duplicates, for each audience."""
    chosen = evidence.chosen(expectation.to, destination_of(expectation))
    findings = never_subscribed(expectation.to, chosen)
    return combine([*findings, *(_judge_one(expectation, each, evidence) for each in chosen)], evidence)


def duplicated(chosen: Chosen, evidence: Evidence) -> str:
    """Return in words the number of duplicates, and the first one if its moment is known; "" if there were none."""
    number_of_them = sum(tally.duplicated for tally in chosen.tallies)
    again = [(tally, *tally.first_duplicate) for tally in chosen.tallies if tally.first_duplicate is not None]
    if not number_of_them:
        return ""
    least = "at least " if any(each.alike for each in chosen.tallies) else ""
    words = f"{least}{several(number_of_them, 'duplicate')}"
    if not again:
        return words
    tally, number, when = min(again, key=lambda each: each[2])
    near = evidence.causes.near(when, when)
    which = EQUAL if tally.alike else tally.publication.named(number)
    first = f"first {which} again at {moment(when)}"
    if too := takers(chosen, [(tally, number)]):
        first += f" ({listed(too)} received it too)"
    return f"{words}, {first}{near}"


def _judge_one(expectation: Duplicates, chosen: Chosen, evidence: Evidence) -> Finding:
    who = listed(list(chosen.audience.names))
    if not any(tally.arrived or tally.alike for tally in chosen.tallies):
        return Outcome.UNKNOWN, f"{who} received nothing, so nothing could come twice"
    number = sum(tally.duplicated for tally in chosen.tallies)
    if number > expectation.at_most:
        return Outcome.FAILED, f"{who} received {duplicated(chosen, evidence)}, allowed are {expectation.at_most}"
    more, words = second_copies(chosen, evidence)
    if number + more > expectation.at_most:
        return Outcome.UNKNOWN, words
    if words := equal_bodies(chosen.tallies, who, "one that came twice in another's place would look the same"):
        return Outcome.UNKNOWN, words
    if words := strangers(chosen, "whether one came twice"):
        return Outcome.UNKNOWN, words
    if restless := not_quiet(expectation.listens_on, chosen, evidence):
        return Outcome.UNKNOWN, restless
    came = sum(len(tally.arrived) for tally in chosen.tallies)
    words = f"{who} received {several(came, 'message')}, {number or 'none'} of them once more"
    return Outcome.PASSED, words + in_words(expectation.quiet, chosen, evidence)
