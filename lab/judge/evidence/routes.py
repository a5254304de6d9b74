"""The routes that a history's header has: who reached whom by the rules of forwarding when the scenario began."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lab.history import Header
from lab.judge.values import RouteReport

_NEVER = "never"


class Routes:
    """The routes of a run, which explain losses where no step changed what they rest on."""

    def __init__(self, rows: Sequence[RouteReport], *, fixed: bool) -> None:
        self.rows, self.fixed = tuple(rows), fixed

    def why_never(self, source: str, targets: Iterable[str], destination: str) -> str:
        """Return what stops messages on their way to every one of the targets, as the end of a sentence; else ""."""
        wanted = set(targets)
        found = [
            row
            for row in self.rows
            if (row.source, row.destination, row.arrives) == (source, destination, _NEVER) and row.target in wanted
        ]
        if not self.fixed or not wanted or {row.target for row in found} != wanted:
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
    lists = {name: row[name] for name in ("over", "stopped_by")}
    if not all(isinstance(each, list) for each in lists.values()):
        raise TypeError("what a route leads over is no list")
    if not all(isinstance(each, str) for each in (*texts.values(), *(text for its in lists.values() for text in its))):
        raise TypeError("a route holds something else than texts")
    return RouteReport(
        source=texts["from"],
        target=texts["to"],
        destination=texts["destination"],
        arrives=texts["arrives"],
        over=tuple(lists["over"]),
        stops=tuple(lists["stopped_by"]),
    )
