"""The map: each pair of regions that a link or messages join, with the counts on its arrows and its bridges."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from lab.judge.values import BridgeReport, LinkReport, Outcome, RegionOutline, Report
from lab.judge.wording import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """What went one way between two regions; `flowed` is False where nothing was meant to."""

    count: str
    flowed: bool
    tone: str  # good | bad | plain
    delay: tuple[str, ...]  # asked, and given where it was measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """A connector's bridge between two regions."""

    connector: str
    ends: str  # tokyo ⇄ singapore
    state: str
    up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two regions with what joins them; of a lone region, `right` is None."""

    left: RegionOutline
    right: RegionOutline | None
    there: Arrow
    back: Arrow
    bridges: tuple[Bridge, ...]
    within: tuple[tuple[str, str], ...]  # region → what went between its own brokers


def pairs(report: Report) -> tuple[Pair, ...]:
    """Return the pairs of regions that something joins; a lone region stands by itself."""
    found = [
        _pair(report, left, right) for left, right in combinations(report.regions, 2) if _joined(report, left, right)
    ]
    shown = {region.name for pair in found for region in (pair.left, pair.right) if region is not None}
    lone = [_pair(report, region, None) for region in report.regions if region.name not in shown]
    return (*found, *lone)


def _joined(report: Report, left: RegionOutline, right: RegionOutline) -> bool:
    ways = [(left, right), (right, left)]
    return any(_link(report, *way) is not None or _arrow(report, *way).flowed for way in ways) or bool(
        _bridges(report, left, right)
    )


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
    senders, hearers = ({broker.name for broker in region.brokers} for region in (source, target))
    flows = [flow for flow in report.flows if flow.source in senders and flow.target in hearers]
    received = sum(flow.received for flow in flows)
    expected = None if any(flow.expected is None for flow in flows) else sum(flow.expected or 0 for flow in flows)
    whole = expected is None or received == expected
    return Arrow(
        count=f"{received:,}" if expected is None else f"{received:,} of {expected:,}",
        flowed=bool(flows),
        tone="plain" if not flows else "good" if whole else "bad" if report.outcome is Outcome.BROKEN else "plain",
        delay=_delay(_link(report, source, target)),
    )


def _link(report: Report, source: RegionOutline, target: RegionOutline) -> LinkReport | None:
    way = (source.name, target.name)
    return next((link for link in report.links if (link.leaving, link.reaching) == way), None)


def _delay(link: LinkReport | None) -> tuple[str, ...]:
    if link is None:
        return ()
    asked = f"{link.configured_delay:.1f} ms asked"
    return (asked,) if link.measured_p50 is None else (f"{asked},", f"{link.measured_p50:.1f} ms given")


def _bridges(report: Report, left: RegionOutline, right: RegionOutline) -> tuple[Bridge, ...]:
    sides = [{broker.name for broker in region.brokers} for region in (left, right)]
    found = []
    for near in (bridge for bridge in report.bridges if not bridge.created_by_duplex):
        if not any(near.broker in one and near.remote in other for one, other in (sides, reversed(sides))):
            continue
        ends = [near, *(far for far in report.bridges if answers(near, far))]
        up = [end.broker for end in ends if end.up]
        duplex = near.duplex or len(ends) > 1
        found.append(
            Bridge(
                connector=near.connector,
                ends=f"{near.broker} {'⇄' if duplex else '→'} {near.remote}",
                state=f"up at {listed(up)}" if up else "down",
                up=len(up) == (2 if duplex else 1),
            )
        )
    return tuple(found)


def answers(near: BridgeReport, far: BridgeReport) -> bool:
    """Return whether an end is the responder's of that initiator's."""
    named = far.connector in (near.connector, "") or far.connector.startswith("#")
    return far.created_by_duplex and named and (far.broker, far.remote) == (near.remote, near.broker)
