"""Everything in a history but messages: steps, links, bridges, demand, brokers' counters, the end.

It only records; `causes` and the expectations' judges read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import NamedTuple

from lab.base.dataclass import dataclass
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.history import (
    Achieved,
    Approached,
    Attempted,
    BridgeSeen,
    BrokerChanged,
    ConnectorChanged,
    Counted,
    Demand,
    DestinationSeen,
    Ended,
    Forgotten,
    LinkChanged,
    LinkSeen,
    LogLine,
    Maintenance,
    Observation,
    Paced,
    PacketsDropped,
    PeeringChanged,
    RouteChanged,
    RuleChanged,
    SightChanged,
    SnapshotTaken,
    StepEnded,
    StepStarted,
    Trouble,
    Uncalibrated,
    Unwatched,
    Watched,
)
from lab.history.observation import LATE
from lab.judge.evidence.coverage import Coverage, Silence
from lab.judge.evidence.interval import WHOLE, Interval
from lab.judge.evidence.outages import Closure, Outage
from lab.judge.evidence.snapshots import Snapshots
from lab.judge.evidence.step_taken import StepTaken


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event that may explain a message's fate; its words follow "0.4 s after"."""

    t: float
    text: str
    subject: str = ""  # "bridge", "connector", "link", "network", or the broker that it befell; "" for a client's


class End(NamedTuple):
    """One end of a bridge; a responder that does not know its connector's name reports "" or a number such as #4."""

    connector: str
    broker: str
    remote: str
    created_by_duplex: bool

    def answers(self, near: End) -> bool:
        """Return whether this is the responder's end of the bridge whose initiator's end is `near`."""
        named = self.connector == near.connector or self.connector == "" or self.connector.startswith("#")
        return self.created_by_duplex and named and (self.broker, self.remote) == (near.remote, near.broker)


class Timeline:
    """All observations but messages, in order and by subject."""

    def __init__(
        self, interval: Interval = WHOLE, *, standing: bool = False, kinds: Mapping[str, type[Step]] = STEPS
    ) -> None:
        self.interval, self.standing, self._kinds = interval, standing, kinds
        self.last = 0.0
        self.coverage = Coverage(standing=standing)
        self.uncalibrated: list[Uncalibrated] = []  # when a simulation left its calibrated range
        self.seen: list[Observation] = []  # every observation added, in the order of the history
        self.ended: Ended | None = None
        self.asked: dict[int, str] = {}  # by step: its place and what it asked, in words
        self.late: list[StepStarted] = []  # steps that began after they were due
        self.paces: list[Paced] = []
        self.achieved: list[Achieved] = []
        self.steps: list[StepTaken] = []
        self.windows: list[Maintenance] = []  # the opening of each, and its end if its reboot failed
        self.snapshots = Snapshots()
        self.events: list[Event] = []
        self.closures: list[Closure] = []
        self.outages: list[Outage] = []
        self.restarted: set[str] = set()  # brokers whose counters restarted
        self.log: list[LogLine] = []
        self.approaches: list[Approached] = []
        self.demand: dict[tuple[str, str], list[Demand]] = {}
        self.bridges: dict[End, BridgeSeen] = {}
        self.bridge_changes: list[tuple[float, End, bool]] = []
        # By the end of a bridge, or the broker and the destination: between two looks, of which one found a change.
        self.looks: dict[End | tuple[str, str], list[Silence]] = {}
        self._unseen: set[End] = set()  # ends that were up when the watching stopped
        self.destinations: dict[tuple[str, str], list[DestinationSeen]] = {}
        self.links: dict[tuple[str, str, str], LinkSeen] = {}
        self._taken_over: dict[str, float] = {}  # by broker: when another instance last became active
        self.attempts: list[Attempted] = []
        self.peerings: dict[str, PeeringChanged] = {}  # by name, the last state
        self.routes: dict[tuple[str, str], RouteChanged] = {}  # by table and destination, the last state
        self.dropped: list[PacketsDropped] = []
        self._shut: dict[str, dict[str, str]] = {}  # by link and region left: the state of closed directions
        self._impairments: dict[tuple[str, str], str] = {}

    @property
    def complete(self) -> bool:
        """Return whether the replay came to its end; always true for a running lab, which is judged as of now."""
        return self.standing or self.counted

    @property
    def counted(self) -> bool:
        """Return whether the replay came to its end, at which the counters of brokers and router are read."""
        return not self.standing and self.ended is not None and self.ended.complete

    @property
    def downtimes(self) -> tuple[Closure | Outage, ...]:
        """Return every closure of a link and every outage of a broker or connector."""
        return (*self.closures, *self.outages)

    def last_step(self, word: str) -> StepTaken | None:
        """Return the step of a name, or the last one of a verb; None if there is none."""
        return next((step for step in reversed(self.steps) if word in (step.verb, step.name)), None)

    @property
    def end(self) -> float:
        """Return the end of what is judged, in seconds."""
        if self.interval.end < inf:
            return self.interval.end
        return self.last if self.ended is None else self.ended.t

    def next_fault(self, step: StepTaken) -> float:
        """Return the last moment before the next step that changes a link or a broker; infinity if there is none."""
        steps = (later for later in self.steps if later.interferes and later.comes_after(step))
        return min((max(step.done, later.before) for later in steps), default=inf)

    def close(self, last: float) -> None:
        """Note the moment of the last observation; call it after all were added."""
        self.last = last
        self.coverage.close(self.end)

    def add(self, observation: Observation) -> None:
        """Record one observation; messages are ignored."""
        self.seen.append(observation)
        match observation:
            case StepStarted():
                self._started(observation)
            case Uncalibrated():
                self.uncalibrated.append(observation)
            case StepEnded():
                self._ended(observation)
            case Paced():
                self.paces.append(observation)
            case Achieved():
                self.achieved.append(observation)
            case Demand():
                demand = self.demand.setdefault((observation.broker, observation.destination), [])
                if demand and demand[-1].present is not observation.present:
                    self._found((observation.broker, observation.destination), observation)
                if observation.t <= self.interval.end:
                    demand.append(observation)
            case BridgeSeen():
                self._bridge(observation)
            case DestinationSeen():
                self.destinations.setdefault((observation.broker, observation.destination), []).append(observation)
            case LinkChanged():
                self._link(observation)
            case LinkSeen():
                self.links[(observation.link, observation.leaving, observation.reaching)] = observation
            case BrokerChanged():
                if observation.standby:  # the broker still serves; only its standby changed
                    self._event(observation.t, observation.clause(), observation.broker)
                else:
                    self._broker(observation.broker, observation, observation.broker)
            case ConnectorChanged():
                self._broker(observation.name, observation, "connector")
            case PeeringChanged() | RouteChanged() | RuleChanged():
                self._network(observation)
            case Attempted():
                self.attempts.append(observation)
            case PacketsDropped():
                self.dropped.append(observation)
            case Approached():
                self.approaches.append(observation)
            case LogLine():
                self.log.append(observation)
            case Counted() | SnapshotTaken():
                self.snapshots.add(observation)
            case Trouble():
                self._event(observation.t, observation.clause())
            case Maintenance():
                self.windows.append(observation)
            case SightChanged():
                self.coverage.add(observation)
                if observation.state == "lost":
                    self._event(observation.since, observation.clause(), observation.broker)
            case Watched() | Unwatched() | Forgotten():
                self._watched(observation)
            case Ended():
                self.ended = observation
            case _:
                pass  # a message: the ledger records those

    def _event(self, t: float, text: str, subject: str = "") -> None:
        self.events.append(Event(t=t, text=text, subject=subject))

    def _started(self, step: StepStarted) -> None:
        named = f" {step.name}" if step.name else ""
        place = step.place or str(step.step)
        self.asked[step.step] = f"step {place}{named} ({step.asked})"
        if step.due is not None and step.t - step.due > LATE:
            self.late.append(step)
        kind, label = self._kinds.get(step.verb, Step), self.asked[step.step]
        taken = StepTaken(step=step.step, verb=step.verb, asked=step.asked, started=step.t, kind=kind, label=label)
        self.steps.append(replace(taken, name=step.name, place=place))

    def _ended(self, end: StepEnded) -> None:
        for place in range(len(self.steps) - 1, -1, -1):  # concurrent steps end in any order
            step = self.steps[place]
            if step.step == end.step:
                self.steps[place] = replace(step, ended=end.t, ok=end.ok, fails=end.fails, note=end.note)
                return

    def _watched(self, watch: Watched | Unwatched | Forgotten) -> None:
        """Record whether the lab was watched; after a gap the state of a bridge is unknown until it is seen again."""
        self.coverage.add(watch)
        if not isinstance(watch, Unwatched):
            return
        for end, bridge in self.bridges.items():
            if bridge.up:
                self.bridges[end] = bridge.with_fields(up=False, t=watch.since)
                self.bridge_changes.append((watch.since, end, False))
                self._unseen.add(end)

    def _bridge(self, bridge: BridgeSeen) -> None:
        """Record the state of a bridge's end; a change of it is an event too."""
        end = End(bridge.connector, bridge.broker, bridge.remote, bridge.created_by_duplex)
        before = self.bridges.get(end)
        if (
            before is not None
            and before.up
            and not bridge.up
            and bridge.remote_address not in ("", before.remote_address)
        ):
            return  # an earlier session of this end has gone, not the present one
        if before is None or before.up != bridge.up:
            self._found(end, bridge)
        if bridge.t > self.interval.end:
            return
        self.bridges[end] = bridge
        if before is None or before.up != bridge.up:
            # Both ends of one change of session are seen at one look, and the new one may be some microseconds older.
            self.bridge_changes.append((bridge.t if before is None else max(bridge.t, before.t), end, bridge.up))
            if before is not None and end not in self._unseen:
                self._event(bridge.t, bridge.clause(), "bridge")
        self._unseen.discard(end)

    def _found(self, subject: End | tuple[str, str], observation: BridgeSeen | Demand) -> None:
        """Record, of a change that a look found, when it may have been: since the look before."""
        if observation.last_look is not None and observation.last_look < observation.t:
            between = Silence(broker=observation.broker, kind="look", begin=observation.last_look, end=observation.t)
            self.looks.setdefault(subject, []).append(between)

    def _link(self, change: LinkChanged) -> None:
        """Record the state of a link's direction; a closure, its end and an impairment are events too."""
        shut = self._shut.setdefault(change.link, {})
        was_shut = bool(shut)
        if change.state == "open":
            shut.pop(change.leaving, None)
        else:
            shut[change.leaving] = change.state
        if was_shut and not shut:
            self._last_closure(change.link, end=change.t)
            self._event(change.t, change.clause("healed"), "link")
        elif shut and not was_shut:
            self.closures.append(
                Closure(link=change.link, state=change.state, leaving=(change.leaving,), start=change.t)
            )
        elif shut:
            self._last_closure(change.link, also=change.leaving)
        direction = (change.link, change.leaving)
        if self._impairments.get(direction, change.impairment) != change.impairment:
            self._event(change.t, change.clause("impaired"), "link")
        elif change.state == "open" and not was_shut and direction not in self._impairments:
            self._event(change.t, change.clause("set"), "link")
        self._impairments[direction] = change.impairment

    def _broker(self, name: str, change: BrokerChanged | ConnectorChanged, subject: str) -> None:
        """Record that a broker or connector went down or came back; a broker is down once it is stopping."""
        state, t = change.state, change.t
        if state in ("active", "started", "resumed", "creating", "created"):
            self._event(t, change.clause(), subject)
        place = next((n for n, outage in enumerate(self.outages) if outage.name == name and outage.end is None), None)
        if state == "active":
            self.restarted.add(name)  # the instance that takes over counts from zero
            self._taken_over[name] = t
        if state in ("active", "started", "resumed"):
            if place is not None:
                self.outages[place] = replace(self.outages[place], end=t, back=state)
        elif state in ("creating", "created"):
            pass  # it was not there before
        elif state == "starting":
            self.restarted.add(name)  # and it stays down until it has started
            if place is not None and self.outages[place].begun is None:
                self.outages[place] = replace(self.outages[place], begun=t)
        elif place is None and t < self._taken_over.get(name, -inf):  # reported after the takeover that ended it
            end = self._taken_over[name]
            if not any(out.name == name and out.start <= t and out.end == end for out in self.outages):
                self.outages.append(replace(Outage.of(name, state, t), end=end, back="active"))
        elif place is None:
            self.outages.append(Outage.of(name, state, t))
        elif state in ("killed", "stopped", "deleted"):  # one that was asked to stop, or that was paused or down
            self.outages[place] = self.outages[place].over(state, t)

    def _network(self, change: PeeringChanged | RouteChanged | RuleChanged) -> None:
        """Record the state of a peering, route or rule; a change of it is an event too."""
        known = True
        match change:
            case PeeringChanged():
                known = change.peering in self.peerings
                self.peerings[change.peering] = change
            case RouteChanged():
                known = bool(self.steps)
                self.routes[change.table, change.destination] = change
        if known:
            self._event(change.t, change.clause(), "network")

    def _last_closure(self, link: str, *, end: float | None = None, also: str | None = None) -> None:
        """Update a link's latest closure: end it, or add a direction."""
        position = max(place for place, closure in enumerate(self.closures) if closure.link == link)
        closure = self.closures[position]
        if also is not None and also not in closure.leaving:
            closure = replace(closure, leaving=(*closure.leaving, also))
        self.closures[position] = closure if end is None else replace(closure, end=end)
