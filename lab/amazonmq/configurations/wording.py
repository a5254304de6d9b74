"""Removals, advice and problems as lines for people and as values for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lab.amazonmq.configurations.sanitising import MOST_SHOWN, Removal
from lab.errors import Place, Problem

_MOST_LINES = 50  # of each kind; nobody reads more


def lines(removals: Sequence[Removal], advice: Sequence[Problem]) -> Iterator[str]:
    """Yield the text of each removal, in the service's words, and of each advice, with the reason on the line below."""
    yield from (str(each) for each in removals[:_MOST_LINES])
    if len(removals) > _MOST_LINES:
        yield f"{len(removals) - _MOST_LINES} more removals are not shown; mqlab check --json lists all"
    if len(removals) > MOST_SHOWN:
        yield f"Amazon MQ itself reports the first {MOST_SHOWN} of {len(removals)}"
    for each in advice[:_MOST_LINES]:
        yield str(Problem(what=f"advice: {each.what}", remedy=each.remedy, place=each.place))


def as_json(
    problems: Sequence[Problem], removals: Sequence[Removal], advice: Sequence[Problem]
) -> Iterator[dict[str, Any]]:
    """Yield problems, removals and advice as JSON-able values, in this order."""
    yield from (_entry("problem", each.place, each.what, each.remedy) for each in problems)
    for number, each in enumerate(removals):
        yield _entry("removal", each.place, each.why, "") | {
            "reason": str(each.reason),
            "element": each.tag,
            "attribute": each.attribute,
            "reported-by-the-service": number < MOST_SHOWN,
        }
    yield from (_entry("advice", each.place, each.what, each.remedy) for each in advice)


def _entry(kind: str, place: Place | None, problem: str, remedy: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "what": problem,
        "remedy": remedy,
        **({"set": place.set} if place and place.set else {}),
    }
