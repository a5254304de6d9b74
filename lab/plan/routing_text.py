"""A routing table as plain text for people, and as JSON-able values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.activemq.forwarding.durable import Absence
from lab.plan.arrival import Arrival
from lab.plan.routing import ANY, Route
from lab.plan.text import table

_HEAD = ("from", "to", "arrives", "bridges", "over, or the obstacle")
_AWAY = ("from", "to", "bridges stayed up", "opened again", "brokers restarted", "came up after it left")
_ALL = {destination: f"{kind}s" for kind, destination in ANY.items()}


def describe_routes(routes: Sequence[Route], *, durable: bool = False) -> str:
    """Return a table for all queues and one for all topics, one if they are alike, and those of names that differ.

    With `durable` there is one more for each topic: where its messages wait for durable subscribers that are away.
    """
    tables = _by_destination(routes)
    lines: list[str] = []
    shown: list[tuple[str, list[tuple[str, ...]]]] = []
    for destination, its in tables.items():
        rows = [_row(each) for each in its]
        of_kind = tables.get(ANY[destination.partition("://")[0]])
        if destination not in _ALL and of_kind is not None and rows == [_row(each) for each in of_kind]:
            continue
        same = next((place for place, (_, other) in enumerate(shown) if other == rows), None)
        title = _ALL.get(destination, destination)
        if same is None:
            shown.append((title, rows))
        else:
            shown[same] = (f"{shown[same][0]} and {title}", rows)
    for title, rows in shown:
        lines += table(title, _HEAD, rows)
    if durable:
        lines += _waiting(tables)
    return "\n".join(lines[1:]) + "\n"


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
    found: dict[str, list[Route]] = {}
    for each in routes:
        found.setdefault(each.destination, []).append(each)
    return found


def _row(route: Route) -> tuple[str, ...]:
    if route.over and route.arrival is not Arrival.NEVER:
        words = " → ".join(bridge.label for bridge in route.over)
        if route.copies > 1:
            words += f"; up to {route.copies} copies"
        words = "; ".join((words, *route.stops))
    else:
        remedies = [f"{each.remedy} on {each.where}" for each in route.remedies]
        words = "; ".join((*route.stops, *dict.fromkeys(remedies)))
    hops = str(len(route.over)) if route.over else "–"
    return route.source, route.target, route.arrival.value, hops, words
