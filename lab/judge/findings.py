"""What judging a claim gives: an outcome and its reason; and how several of these become one.

A file of `lab.judge.claims` judges the expectation of its name: its `judge` is given the claim and the evidence, and
returns a Finding.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.declare.fields import Amount, Receivers
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.values import Outcome, worst
from lab.judge.wording import moment

Finding = tuple[Outcome, str]


def at_the_end(held: bool, words: str, evidence: Evidence) -> Finding:
    """Return the finding of what is judged by how everything ended; unknown where the history does not tell that."""
    if not evidence.timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(evidence.timeline.end)}; until then: {words}"
    return Outcome.of(held), words


def unknown(why: str, evidence: Evidence) -> Finding:
    """Return a finding of what nobody can tell, and that the history is cut short where it is."""
    timeline = evidence.timeline
    cut = "" if timeline.complete else f"the history is cut short at {moment(timeline.end)}: "
    return Outcome.UNKNOWN, f"{cut}{why}"


def together(findings: Sequence[Finding], evidence: Evidence) -> Finding:
    """Return the worst of several, with the reasons of all that are as bad; what held must have held to the end."""
    outcome = worst([found for found, _ in findings])
    reason = "; ".join(words for found, words in findings if found is outcome)
    return at_the_end(True, reason, evidence) if outcome is Outcome.HELD else (outcome, reason)


def never_subscribed(
    to: Receivers | None, chosen: Sequence[Chosen], *, named: str = "", anyone: str = ""
) -> list[Finding]:
    """Return a finding for each receiver that never listened, or one where nobody did, with what they listened to."""
    present = {name for each in chosen for name in each.audience.names}
    names = () if to is None or (to.any and present) else to.names
    absent = [name for name in names if name not in present]
    if not chosen and not absent:
        return [(Outcome.UNKNOWN, f"nobody ever subscribed{anyone}")]
    return [(Outcome.UNKNOWN, f"{name} never subscribed{named}") for name in absent]


def asked(amount: Amount) -> str:
    """Say, as the end of a sentence, what number was claimed."""
    return f", asked {'were' if amount.words != '1' else 'was'} {amount.words}"
