"""The totals of all messages: one sentence, the large numbers, and further figures of deliveries."""

from __future__ import annotations

from lab.base.dataclass import dataclass
from lab.base.units import several
from lab.judge.not_delivered import MOST_PLACES, NotDelivered
from lab.judge.values import Outcome, Report
from lab.judge.wording import listed
from lab.report.not_delivered_rows import TITLES, of_all

MORE = (  # figures of deliveries, with their titles
    *TITLES,
    ("late", "late"),
    ("reordered", "out of order"),
    ("undecided", "in doubt"),
    ("recovered", "recovered"),
    ("unexpected", "unexpected"),
)
_TONES = {"discarded": "lost", "dead_letters": "lost", "waiting": "late", "unknown": "doubt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One large number with its name."""

    name: str
    count: int
    tone: str


def headline(report: Report, complete: bool) -> str:
    """Return the totals of messages in one sentence."""
    expected = sum(row.expected for row in report.deliveries)
    arrived = sum(row.received for row in report.deliveries)
    twice = sum(row.duplicated for row in report.deliveries)
    doubt = sum(row.undecided for row in report.deliveries)
    if not expected and not doubt:
        return "No message was expected."
    if expected and arrived == expected:
        words = f"All {expected:,} messages arrived" if expected > 1 else "The one message arrived"
        words += ", each once" if not twice else ""
    else:
        noun = "message" if expected == 1 else "messages"
        words = f"{arrived:,} of {expected:,} {noun} arrived"
        not_delivered = of_all(report.deliveries)
        if not complete and not_delivered.unknown == expected - arrived:
            words += f", {expected - arrived:,} had not yet when the record breaks off"
        elif expected - arrived:
            words += f", {not_delivered.words(',')}"
    if twice:
        words += f"; {several(twice, 'duplicate')}"
    if doubt:
        words += f"; {doubt:,} are unknown, since their sending has no acknowledgement"
    return f"{words}."


def tiles(report: Report) -> tuple[Tile, ...]:
    """Return the large numbers."""

    def total(name: str) -> int:
        return sum(int(getattr(row, name)) for row in report.deliveries)

    passed = report.outcome is Outcome.PASSED
    found = [Tile(name="expected", count=total("expected"), tone="plain")]
    whole = total("received") == total("expected")
    found.append(Tile(name="arrived", count=total("received"), tone="good" if whole and total("expected") else "plain"))
    for name, word, tone in (
        *((name, title, _TONES.get(name, "plain")) for name, title in TITLES),
        ("lost", "lost", "lost"),
        ("duplicated", "duplicates", "doubled"),
        ("late", "late", "late"),
        ("reordered", "out of order", "plain"),
        ("undecided", "in doubt", "doubt"),
        ("recovered", "arrived in doubt", "plain"),
        ("unexpected", "unexpected", "doubled"),
    ):
        count = total(name)
        if count or name in ("lost", "duplicated", "late"):
            found.append(
                Tile(name=f"{word}{_where(report, name)}", count=count, tone=tone if count and not passed else "plain")
            )
    return tuple(found)


def _where(report: Report, name: str) -> str:
    """Return, as the end of a title, the brokers at which messages wait, if they are few; else ""."""
    if name != "waiting":
        return ""
    at = NotDelivered.together(each for row in report.deliveries for each in (row.not_delivered, row.kept)).waiting
    return f" on {listed(list(at))}" if len(at) <= MOST_PLACES else f" on {len(at)} brokers"
