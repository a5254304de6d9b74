"""A poll of a lab → the map of the page, and the states of its parts, as the film's stage shows them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from lab.base.dataclass import dataclass
from lab.extras.film.stage import Stage, staged
from lab.extras.page.plan_picture import planned
from lab.history import BridgeSeen
from lab.link.impairment import Impairment, LinkState
from lab.living.polls import Look
from lab.network.link import impairment_text
from lab.plan.values import BrokerPlan, Plan
from lab.report.html import environment
from lab.runtime.status import ABSENT, DELETED, BridgeStatus, BrokerStatus, DirectionNow

State = tuple[str, ...]
_TONES = {LinkState.OPEN: "well", LinkState.CUT: "shut", LinkState.REJECT: "shut"}
_LABEL = "the regions, links and bridges of the lab, as they are now; the tables have the same in words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the map with its state now."""

    kind: str  # link | bridge | broker
    number: int
    names: tuple[str, ...]
    state: State
    place: int

    def to_list(self) -> list[object]:
        """Return the part as the stage's script reads it."""
        return [self.kind, self.number, list(self.names), list(self.state), self.place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The map with its stage."""

    stage: Stage
    svg: str


class Maps:
    """The maps of a lab; the latest is remembered, since a plan seldom changes."""

    def __init__(self) -> None:
        self._last: tuple[Plan, Mapping[tuple[str, str], float], Drawn] | None = None

    def drawn(self, plan: Plan, ways: Sequence[DirectionNow]) -> Drawn:
        """Return the map of a plan with the delays that are configured now."""
        delays = {(way.leaving, way.reaching): way.setting.impairment.delay.total_seconds() * 1000 for way in ways}
        if self._last is None or self._last[:2] != (plan, delays):
            stage = staged(planned(plan, delays))
            self._last = plan, delays, Drawn(stage=stage, svg=_svg(stage))
        return self._last[2]


def parts(look: Look, ways: Sequence[DirectionNow], stage: Stage) -> Iterator[Part]:
    """Yield the parts of the map with their states."""
    plan = look.status.note.plan
    declared = {(way.leaving, way.reaching): way.impairment for link in plan.links for way in link.directions}
    now = {(way.leaving, way.reaching): way for way in ways}
    trips = {frozenset(way.leaving for way in link.directions): link.round_trip_ms for link in look.status.links}
    for number in stage.links.values():
        ends = stage.ends[number]
        state = link_state(ends, now, declared)
        yield _part(stage, "link", number, ends, (*state, _on_link(state, trips.get(frozenset(ends)))))
    statuses = {(each.connector, each.initiator, each.responder): each for each in look.status.bridges}
    answering = {broker.name for broker in plan.brokers if answers(instances(broker, look.status.brokers))}
    for bridge, number in stage.bridges.items():
        names = bridge.connector, bridge.broker, bridge.remote
        yield _part(stage, "bridge", number, names, bridge_state(bridge.duplex, statuses.get(names), answering))
    brokers = {broker.name: broker for broker in plan.brokers}
    for number, name in enumerate(stage.brokers):
        its = instances(brokers[name], look.status.brokers)
        queued = sum(
            each.counters.get("queued", 0)
            for each in look.counted
            if each.broker == name and each.of == "destination" and each.name.startswith("queue://")
        )
        tone, words = broker_state(brokers[name], its)
        yield _part(stage, "broker", number, (name,), (tone, words, f"{queued:,} queued" if queued else ""))


def link_state(
    ends: tuple[str, str],
    ways: Mapping[tuple[str, str], DirectionNow],
    declared: Mapping[tuple[str, str], Impairment],
) -> State:
    """Return the state of a link: tone, words, and the tone of both directions; unknown without a router."""
    tones, words = zip(*(_way(ways.get(way), declared.get(way)) for way in (ends, ends[::-1])), strict=True)
    worst = next((tone for tone in ("shut", "unknown", "worse") if tone in tones), "well")
    if words[0] == words[1]:
        return worst, words[0], *tones
    texts = ((ends, words[0]), (ends[::-1], words[1]))
    return worst, "; ".join(f"{a} → {b} {text}" for (a, b), text in texts if text), *tones


def bridge_state(duplex: bool, status: BridgeStatus | None, answering: Set[str]) -> tuple[str, str]:
    """Return the states of both ends of a bridge: up, down or unknown; no states if the bridge has only one end."""
    if status is None:  # its brokers are not there
        return "down", "down" if duplex else "none"
    if status.up:
        return "up", "up" if duplex else "none"
    near = _end(status.initiator, status.responder, status.ends, answering, by_duplex=False)
    far = _end(status.responder, status.initiator, status.ends, answering, by_duplex=True)
    return near, far if duplex else "none"


def broker_state(broker: BrokerPlan, statuses: Sequence[BrokerStatus]) -> tuple[str, str]:
    """Return the tone and the words of a broker, of a pair with its active instance; unknown if it does not answer."""
    if not statuses:
        return "plain", DELETED
    if all(each.container == ABSENT for each in statuses):
        return "plain", ABSENT
    running = [each for each in statuses if each.container == "running"]
    if not running:
        return "down", statuses[0].container
    if not answers(statuses):
        return ("worse", "starting") if any(each.health == "starting" for each in running) else ("unknown", "no answer")
    if len(statuses) == 1:
        return "well", "running"
    active = next((each.name for each in statuses if each.role == "active"), "")
    number = next((each.number for each in broker.instances if each.name == active), 0)
    rest = [each for each in statuses if each.name != active]
    numbers = {each.name: each.number for each in broker.instances}
    away = next((each for each in rest if each.role != "standby"), None)
    standby = "" if away is None else f", {numbers[away.name]} {away.container}"
    return "well", f"instance {number} active{standby}"


def instances(broker: BrokerPlan, statuses: Sequence[BrokerStatus]) -> list[BrokerStatus]:
    """Return the statuses of a broker's instances."""
    names = {each.name for each in broker.instances}
    return [each for each in statuses if each.name in names]


def answers(statuses: Sequence[BrokerStatus]) -> bool:
    """Return whether an instance of a broker answers."""
    return any(each.container == "running" and each.version is not None for each in statuses)


def _part(stage: Stage, kind: str, number: int, names: tuple[str, ...], state: State) -> Part:
    return Part(kind=kind, number=number, names=names, state=state, place=stage.place(kind, number, names))


def _way(way: DirectionNow | None, declared: Impairment | None) -> tuple[str, str]:
    if way is None:
        return "unknown", "not known"
    if way.setting.state is not LinkState.OPEN:
        return _TONES[way.setting.state], {"reject": "rejects"}.get(way.state, way.state)
    if way.setting.impairment == declared:
        return "well", ""
    return "worse", impairment_text(way.setting.impairment)


def _on_link(state: State, round_trip_ms: float | None) -> str:
    """Return the words beside a link, which has room for few: its state, or else the round trip as measured now."""
    tone, text, there, back = state
    if tone == "well":
        return "" if round_trip_ms is None else f"{round_trip_ms:.1f} ms measured"
    if there == back or tone != "shut":
        return text if there == back and ";" not in text else "impaired"
    return "cut one way" if "cut" in text else "rejects one way"


def _end(broker: str, remote: str, ends: Sequence[BridgeSeen], answering: Set[str], *, by_duplex: bool) -> str:
    if broker not in answering:
        return "unknown"
    its = (end for end in ends if (end.broker, end.remote, end.created_by_duplex) == (broker, remote, by_duplex))
    return "up" if any(end.up for end in its) else "down"


def _svg(stage: Stage) -> str:
    if stage.map is None:
        return ""
    text = '{% from "map.html" import svg %}{{ svg(map, label) }}'
    return environment("lab.extras.page").from_string(text).render(map=stage.map, label=_LABEL)
