"""The map: each pair of regions that a link, bridge or messages join, with the counts of both directions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from lab.judge.values import LinkReport, Outcome, RegionOutline, Report
from lab.report.picture import bridges, way


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """The messages of one direction between two regions; `flowed` is False if there was no flow."""

    count: str
    flowed: bool
    tone: str  # good | bad | plain
    delay: tuple[str, ...]  # configured and, if measured, measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """A connector's bridge between two regions."""

    connector: str
    ends: str  # tokyo ⇄ singapore
    state: str
    up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two regions with the messages and bridges between them; `right` is None for a lone region."""

    left: RegionOutline
    right: RegionOutline | None
    there: Arrow
    back: Arrow
    bridges: tuple[Bridge, ...]
    within: tuple[tuple[str, str], ...]  # region, and the count of messages within it


def pairs(report: Report) -> tuple[Pair, ...]:
    """Return the pairs of regions that are joined, and then each region without such a pair."""
    found = [
        _pair(report, left, right) for left, right in combinations(report.regions, 2) if _joined(report, left, right)
    ]
    shown = {region.name for pair in found for region in (pair.left, pair.right) if region is not None}
    lone = [_pair(report, region, None) for region in report.regions if region.name not in shown]
    return (*found, *lone)


def _joined(report: Report, left: RegionOutline, right: RegionOutline) -> bool:
    """Return whether a link, messages or a bridge join two regions."""
    both = way(report, left, right), way(report, right, left)
    return any(each.link is not None or each.used for each in both) or bool(_bridges(report, left, right))


def _pair(report: Report, left: RegionOutline, right: RegionOutline | None) -> Pair:
    nothing = Arrow(count="", flowed=False, tone="plain", delay=())
    both = [left] if right is None else [left, right]
    within = [(region.name, arrow.count) for region in both if (arrow := _arrow(report, region, region)).flowed]
    return Pair(
        left=left,
        right=right,
        there=nothing if right is None else _arrow(report, left, right),
        back=nothing if right is None else _arrow(report, right, left),
        bridges=() if right is None else _bridges(report, left, right),
        within=tuple(within),
    )


def _arrow(report: Report, source: RegionOutline, target: RegionOutline) -> Arrow:
    its = way(report, source, target)
    whole = its.expected is None or its.received == its.expected
    bad = "bad" if report.outcome is Outcome.BROKEN else "plain"
    return Arrow(
        count=its.count(","),
        flowed=its.used,
        tone="plain" if not its.used else "good" if whole else bad,
        delay=_delay(its.link),
    )


def _delay(link: LinkReport | None) -> tuple[str, ...]:
    if link is None:
        return ()
    asked = f"{link.configured_delay:.1f} ms asked"
    return (asked,) if link.measured_p50 is None else (f"{asked},", f"{link.measured_p50:.1f} ms given")


def _bridges(report: Report, left: RegionOutline, right: RegionOutline) -> tuple[Bridge, ...]:
    """Return the bridges between two regions."""
    sides = [{broker.name for broker in region.brokers} for region in (left, right)]
    return tuple(
        Bridge(
            connector=each.connector,
            ends=f"{each.broker} {'⇄' if each.duplex else '→'} {each.remote}",
            state=each.state,
            up=each.whole,
        )
        for each in bridges(report)
        if any(each.broker in one and each.remote in other for one, other in (sides, reversed(sides)))
    )
