"""A routing table as plain text for people, and as JSON-able values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.activemq.forwarding.durable import Absence
from lab.base.columns import wrapped
from lab.plan.arrival import Arrival
from lab.plan.routing import ANY, Route
from lab.plan.text import table

_HEAD = ("from", "to", "arrives", "bridges", "over, or the obstacle")
_AWAY = ("from", "to", "stayed up", "opened again", "restarted", "came up later")
_ALL = {destination: f"{kind}s" for kind, destination in ANY.items()}
_WIDTH_COLUMNS = 80
_LEAST_COLUMNS = 24  # of a cell beside others; a narrower one begins a line of its own


def describe_routes(routes: Sequence[Route], *, durable: bool = False) -> str:
    """Return a table for all queues and one for all topics, one if they are alike, and those of names that differ.

    Obstacles have numbers there; below the tables each has its text, and its remedy. With `durable` there is one more
    table for each topic: where its messages wait for durable subscribers that are away.
    """
    tables, obstacles = _by_destination(routes), _Obstacles()
    lines: list[str] = []
    shown: list[tuple[str, list[tuple[str, ...]]]] = []
    for destination, its in tables.items():
        rows = [_row(each, obstacles) for each in its]
        of_kind = tables.get(ANY[destination.partition("://")[0]])
        if destination not in _ALL and of_kind is not None and rows == [_row(each, obstacles) for each in of_kind]:
            continue
        same = next((place for place, (_, other) in enumerate(shown) if other == rows), None)
        title = _ALL.get(destination, destination)
        if same is None:
            shown.append((title, rows))
        else:
            shown[same] = (f"{shown[same][0]} and {title}", rows)
    for title, rows in shown:
        lines += _narrow(title, rows)
    lines += obstacles.lines()
    if durable:
        lines += _waiting(tables)
    return "\n".join(lines[1:]) + "\n"


class _Obstacles:
    """The obstacles of several routes, each with a number from 1 on and its remedy."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    def numbers(self, route: Route) -> str:
        """Return the numbers of a route's obstacles, in words; "" if it has none."""
        pairs = dict.fromkeys((need.stop, f"{need.remedy} on {need.where}") for need in route.remedies)
        pairs |= dict.fromkeys((stop, "") for stop in route.stops if all(stop != known for known, _ in pairs))
        found = [self._numbers.setdefault(pair, len(self._numbers) + 1) for pair in pairs]
        return f"obstacle{'s' * (len(found) > 1)} {', '.join(map(str, found))}" if found else ""

    def lines(self) -> list[str]:
        """Return the lines of the list."""
        wide = len(str(len(self._numbers)))
        lines = ["", "obstacles"] if self._numbers else []
        for (stop, remedy), number in self._numbers.items():
            lines += wrapped(f"  {number:>{wide}}  ", stop, _WIDTH_COLUMNS)
            lines += wrapped(" " * (wide + 4), remedy, _WIDTH_COLUMNS) if remedy else []
        return lines


def _narrow(title: str, rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return a table's lines, none wider than a terminal unless a word is: the last column is wrapped."""
    lines = table(title, _HEAD[:-1], [row[:-1] for row in rows])
    if not rows:
        return lines
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in (_HEAD, *rows)), strict=True)]
    begin = 2 + sum(width + 2 for width in widths)
    beside = _WIDTH_COLUMNS - begin >= _LEAST_COLUMNS
    head, *cells = lines[2:]
    shown = [f"{head:<{begin}}{_HEAD[-1]}" if beside else head]
    for line, row in zip(cells, rows, strict=True):
        shown += (
            wrapped(f"{line:<{begin}}", row[-1], _WIDTH_COLUMNS)
            if beside
            else [line, *wrapped(" " * 6, row[-1], _WIDTH_COLUMNS)]
        )
    return [*lines[:2], *shown]


def routes_json(routes: Sequence[Route]) -> list[dict[str, Any]]:
    """Return the routes as JSON-able dicts, one for each pair and destination."""
    return [route_json(each) for each in routes]


def route_json(route: Route) -> dict[str, Any]:
    """Return a route as a JSON-able dict."""
    return {
        "from": route.source,
        "to": route.target,
        "destination": _ALL.get(route.destination, route.destination),
        "arrives": route.arrival.value,
        "copies": route.copies,
        **({"by_chance": True} if route.by_chance else {}),
        "bridges": len(route.over),
        "over": [bridge.label for bridge in route.over],
        "through": [bridge.target for bridge in route.over],
        "may_stay_on": list(route.stuck),
        "stopped_by": list(route.stops),
        "remedies": [{"at": need.where, "do": need.remedy} for need in route.remedies],
        **({"heard_as": route.heard} if route.heard else {}),
        **({"away": {str(each): where for each, where in route.away.items()}} if route.away else {}),
    }


def _waiting(tables: Mapping[str, Sequence[Route]]) -> list[str]:
    shown: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for destination, routes in tables.items():
        rows = tuple(_waits(each) for each in routes if (each.over or each.away) and destination.startswith("topic://"))
        if rows:
            shown.setdefault(rows, []).append(_ALL.get(destination, destination))
    return [
        line
        for rows, titles in shown.items()
        for line in table(f"{' and '.join(titles)}, while a durable subscriber is away: wait on", _AWAY, rows)
    ]


def _waits(route: Route) -> tuple[str, ...]:
    told = (route.away.get(each, "unknown") for each in Absence)
    return route.source, route.target, *(each or "lost" for each in told)


def _by_destination(routes: Sequence[Route]) -> Mapping[str, list[Route]]:
    tables: dict[str, list[Route]] = {}
    for route in routes:
        heard = f", heard as {route.heard}" if route.heard else ""
        tables.setdefault(f"{route.destination}{heard}", []).append(route)
    return tables


def _row(route: Route, obstacles: _Obstacles) -> tuple[str, ...]:
    words = obstacles.numbers(route)
    if route.over and route.arrival is not Arrival.NEVER:
        copies = f"up to {route.copies} copies" if route.copies > 1 else ""
        words = "; ".join(filter(None, (" → ".join(bridge.label for bridge in route.over), copies, words)))
    hops = str(len(route.over)) if route.over else "–"
    return route.source, route.target, route.arrival.value, hops, words
