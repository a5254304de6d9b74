"""Findings: the outcome of judging an expectation, with its reason; and how several findings become one.

A file of `lab.judge.expectations` judges the expectation of its name: its `judge` is given the expectation and the
evidence, and returns a Finding.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.declare.between import Amount, Portion
from lab.declare.fields import Receivers
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.values import Outcome, worst
from lab.judge.wording import moment

Finding = tuple[Outcome, str]


def at_the_end(passed: bool, reason: str, evidence: Evidence) -> Finding:
    """Return the finding of an expectation about the end of a run; unknown if the history is cut short.

    `reason` is the reason.
    """
    if not evidence.timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(evidence.timeline.end)}; until then: {reason}"
    return Outcome.of(passed), reason


def unknown(why: str, evidence: Evidence) -> Finding:
    """Return an unknown finding; its reason adds that the history is cut short, if so."""
    timeline = evidence.timeline
    cut = "" if timeline.complete else f"the history is cut short at {moment(timeline.end)}: "
    return Outcome.UNKNOWN, f"{cut}{why}"


def combine(findings: Sequence[Finding], evidence: Evidence) -> Finding:
    """Return the worst outcome of several findings, with the reasons of all that share it.

    Findings that all passed are unknown if the history is cut short.
    """
    outcome = worst([found for found, _ in findings])
    reason = "; ".join(words for found, words in findings if found is outcome)
    return at_the_end(True, reason, evidence) if outcome is Outcome.PASSED else (outcome, reason)


def never_subscribed(
    to: Receivers | None, chosen: Sequence[Chosen], *, named: str = "", anyone: str = ""
) -> list[Finding]:
    """Return a finding for each named receiver that never subscribed, or one if no client did.

    `named` and `anyone` end the reasons of the one and the other, such as " to queue://orders".
    """
    present = {name for each in chosen for name in each.audience.names}
    names = () if to is None or (to.any and present) else to.names
    absent = [name for name in names if name not in present]
    if not chosen and not absent:
        return [(Outcome.UNKNOWN, f"no client ever subscribed{anyone}")]
    return [(Outcome.UNKNOWN, f"{name} never subscribed{named}") for name in absent]


def asked(amount: Amount | Portion) -> str:
    """Return the number expected, as the end of a sentence."""
    return f", asked {'were' if amount.words != '1' else 'was'} {amount.words}"
