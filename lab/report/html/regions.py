"""Pairs of regions: the counts of both directions, the round trip, the bridges."""

from __future__ import annotations

from lab.base.dataclass import dataclass
from lab.judge.values import LinkReport, Outcome
from lab.report.picture import Joint, Picture, Place, Way


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

    left: Place
    right: Place | None
    forth: Arrow
    back: Arrow
    bridges: tuple[Bridge, ...]
    link: str  # the round trip as configured, or the reason that there is none
    measured: str


def pairs(shown: Picture, outcome: Outcome) -> tuple[Pair, ...]:
    """Return the pairs of regions that are joined, and then each region without such a pair."""
    found = [_pair(joint, outcome) for joint in shown.joints]
    joined = {place.name for joint in shown.joints for place in (joint.left, joint.right)}
    nothing = Arrow(count="", flowed=False, tone="plain", delay=())
    lone = [
        Pair(left=place, right=None, forth=nothing, back=nothing, bridges=(), link="", measured="")
        for place in shown.places
        if place.name not in joined
    ]
    return (*found, *lone)


def _pair(joint: Joint, outcome: Outcome) -> Pair:
    return Pair(
        left=joint.left,
        right=joint.right,
        forth=_arrow(joint.forth, outcome),
        back=_arrow(joint.back, outcome),
        bridges=tuple(
            Bridge(
                connector=each.connector,
                ends=f"{each.broker} {'⇄' if each.duplex else '→'} {each.remote}",
                state=each.state,
                up=each.whole,
            )
            for each in joint.bridges
        ),
        link=joint.link,
        measured=joint.measured,
    )


def _arrow(way: Way, outcome: Outcome) -> Arrow:
    whole = way.expected is None or way.received == way.expected
    bad = "bad" if outcome is Outcome.FAILED else "plain"
    return Arrow(
        count=way.count(","),
        flowed=way.used,
        tone="plain" if not way.used else "good" if whole else bad,
        delay=_delay(way.link),
    )


def _delay(link: LinkReport | None) -> tuple[str, ...]:
    if link is None:
        return ()
    configured = f"{link.configured_delay:.1f} ms configured"
    return (configured,) if link.measured_p50 is None else (f"{configured},", f"{link.measured_p50:.1f} ms measured")
