"""The totals of all messages: one sentence, the large numbers, and further figures of deliveries."""

from __future__ import annotations

from lab.dataclass import dataclass
from lab.judge.values import Outcome, Report
from lab.units import several

MORE = (  # figures of deliveries, with their titles
    ("late", "late"),
    ("reordered", "out of order"),
    ("undecided", "in doubt"),
    ("recovered", "recovered"),
    ("unexpected", "unexpected"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One large number with its name."""

    name: str
    count: int
    tone: str


def missing(report: Report, complete: bool) -> str:
    """Return the word for messages that never arrived: "lost" only if the report is broken and complete."""
    return "lost" if report.outcome is Outcome.BROKEN and complete else "not arrived"


def headline(report: Report, complete: bool) -> str:
    """Return the totals of messages in one sentence."""
    owed = sum(row.expected for row in report.deliveries)
    arrived = sum(row.received for row in report.deliveries)
    twice = sum(row.duplicated for row in report.deliveries)
    doubt = sum(row.undecided for row in report.deliveries)
    if not owed and not doubt:
        return "No message was owed to anybody."
    if owed and arrived == owed:
        words = f"All {owed:,} messages arrived" if owed > 1 else "The one message arrived"
        words += ", each once" if not twice else ""
    else:
        noun = "message" if owed == 1 else "messages"
        words = f"{arrived:,} of {owed:,} {noun} arrived"
        if owed - arrived and missing(report, complete) == "lost":
            words += f", {owed - arrived:,} {'was' if owed - arrived == 1 else 'were'} lost"
        elif owed - arrived:
            words += f", {owed - arrived:,} {'did not' if complete else 'had not yet when the record breaks off'}"
    if twice:
        words += f"; {several(twice, 'receipt')} too many"
    if doubt:
        words += f"; of {doubt:,} nobody can tell, their sending has no receipt"
    return f"{words}."


def tiles(report: Report, lost: str) -> tuple[Tile, ...]:
    """Return the large numbers; `lost` is the word for messages that never arrived."""

    def total(name: str) -> int:
        return sum(int(getattr(row, name)) for row in report.deliveries)

    held = report.outcome is Outcome.HELD
    found = [Tile(name="owed", count=total("expected"), tone="plain")]
    whole = total("received") == total("expected")
    found.append(Tile(name="arrived", count=total("received"), tone="good" if whole and total("expected") else "plain"))
    for name, word, tone in (
        ("lost", lost if not whole else "lost", "lost"),
        ("duplicated", "duplicates", "doubled"),
        ("late", "late", "late"),
        ("reordered", "out of order", "plain"),
        ("undecided", "in doubt", "doubt"),
        ("recovered", "arrived in doubt", "plain"),
        ("unexpected", "unexpected", "doubled"),
    ):
        count = total(name)
        if count or name in ("lost", "duplicated", "late"):
            found.append(Tile(name=word, count=count, tone=tone if count and not held else "plain"))
    return tuple(found)
