"""The routes of a history's header: from which broker to which, by the rules of forwarding when the scenario began."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lab.history import Header
from lab.judge.values import RouteReport

_NEVER = "never"


class Routes:
    """The routes of a run, which explain losses unless a step changed their conditions (`fixed` is False then)."""

    def __init__(self, rows: Sequence[RouteReport], *, fixed: bool) -> None:
        self.rows, self.fixed = tuple(rows), fixed

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the warning on the routes for a reader, in words."""
        changed = self.rows and not self.fixed
        return ("a step changes the conditions of these routes: after it, other routes may apply",) if changed else ()

    def why_never(self, source: str, targets: Iterable[str], destination: str) -> str:
        """Return, as the end of a sentence, why no message can reach any of the targets; "" if one may."""
        wanted = set(targets)
        found = [row for row in self.rows if (row.source, row.destination) == (source, destination)]
        found = [row for row in found if row.target in wanted]
        never = all(row.arrives == _NEVER for row in found)
        if not self.fixed or not wanted or not never or {row.target for row in found} != wanted:
            return ""
        words = dict.fromkeys(
            f"no message gets from {row.source} to {row.target}: {', '.join(row.stops)}" for row in found
        )
        return f"; by the rules of forwarding {'; '.join(words)}"


def routes(header: Header) -> Routes:
    """Return the routes of a header; raise TypeError or KeyError if they are none."""
    if not header.routes:
        return Routes((), fixed=False)
    rows = header.routes["rows"]
    if not isinstance(rows, list):
        raise TypeError("rows of routes are no list")
    return Routes([_row(row) for row in rows], fixed=header.routes["fixed"] is True)


def _row(row: Any) -> RouteReport:
    texts = {name: row[name] for name in ("from", "to", "destination", "arrives")}
    texts["heard_as"] = row.get("heard_as", "")
    lists = {name: row[name] for name in ("over", "stopped_by")}
    if not all(isinstance(each, list) for each in lists.values()):
        raise TypeError("what a route leads over is no list")
    if not all(isinstance(each, str) for each in (*texts.values(), *(text for its in lists.values() for text in its))):
        raise TypeError("a route holds something else than texts")
    return RouteReport(
        source=texts["from"],
        target=texts["to"],
        destination=texts["destination"],
        heard=texts["heard_as"],
        arrives=texts["arrives"],
        over=tuple(lists["over"]),
        stops=tuple(lists["stopped_by"]),
        by_chance=row.get("by_chance", False) is True,
    )
