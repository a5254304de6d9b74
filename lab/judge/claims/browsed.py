"""Judge of the expectation `browsed`: what a browser saw, and whether that was all."""

from __future__ import annotations

from lab.declare.expectations.browsed import BrowsedClaim
from lab.history import Browsed
from lab.judge.evidence.evidence import Evidence
from lab.judge.findings import Finding, asked, at_the_end, unknown
from lab.judge.values import Outcome
from lab.judge.wording import moment
from lab.units import several


def judge(claim: BrowsedClaim, evidence: Evidence) -> Finding:
    """Judge how many messages a client saw the last time that it browsed."""
    its = [each for each in evidence.timeline.seen if isinstance(each, Browsed) and each.client == claim.client]
    if not its:
        return unknown(f"{claim.client} never browsed", evidence)
    seen, number = its[-1], len(its[-1].ids) + its[-1].others
    words = f"{claim.client} saw {several(number, 'message')} of {seen.destination} on {seen.broker}"
    words += f" at {moment(seen.t)}"
    if not evidence.timeline.complete:  # it may have browsed again
        return at_the_end(True, words, evidence)
    why = _not_all(seen, number)
    if claim.count.at_most is not None and number > claim.count.at_most:
        return Outcome.BROKEN, words + asked(claim.count)
    if why and (claim.count.at_most is not None or number < (claim.count.at_least or 0)):
        return unknown(f"{words}, {why}", evidence)
    held = claim.count.holds(number)
    return Outcome.of(held), words + ("" if held else asked(claim.count))


def _not_all(seen: Browsed, number: int) -> str:
    """Return why a browser may not have seen all; "" if it has."""
    if not seen.ended:
        return "and the broker did not say that this was all"
    if seen.waiting is None:
        return "and the broker did not answer how many there were"
    if number < seen.waiting:
        return f"and the broker counted {seen.waiting}: it shows a browser 400, or its policy's maxBrowsePageSize"
    return ""
