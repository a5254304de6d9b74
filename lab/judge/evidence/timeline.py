"""Everything in a history but messages: steps, links, bridges, demand, brokers' counters, the end.

It only records; `causes` and the expectations' judges read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import NamedTuple

from lab.dataclass import dataclass
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.history import (
    Achieved,
    Approached,
    Attempted,
    Beyond,
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
    Unwatched,
    Watched,
)
from lab.history.observation import LATE
from lab.judge.evidence.coverage import Coverage, Silence
from lab.judge.evidence.outages import Closure, Outage
from lab.judge.evidence.snapshots import Snapshots
from lab.judge.evidence.step_taken import StepTaken
from lab.judge.evidence.stretch import WHOLE, Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event that may explain a message's fate; its words follow "0.4 s after"."""

    t: float
    words: str
    of: str = ""  # "bridge", "connector", "link", "network", or the broker that it befell; "" for a client's


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
        self, stretch: Stretch = WHOLE, *, standing: bool = False, kinds: Mapping[str, type[Step]] = STEPS
    ) -> None:
        self.stretch, self.standing, self._kinds = stretch, standing, kinds
        self.last = 0.0
        self.coverage = Coverage(standing=standing)
        self.beyond: list[Beyond] = []  # when the models of a simulation knew no more, and whose
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
        """Return whether the replay came to its end; always true for a standing lab, which is judged as of now."""
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
        """Return the end of the judged interval, in seconds."""
        if self.stretch.end < inf:
            return self.stretch.end
        return self.last if self.ended is None else self.ended.t

    def next_fault(self, step: StepTaken) -> float:
        """Return the last moment before the next step that changes a link or a broker; infinity if there is none."""
        its = (each for each in self.steps if each.interferes and each.comes_after(step))
        return min((max(step.done, each.before) for each in its), default=inf)

    def close(self, last: float) -> None:
        """Note the moment of the last observation; call it after all were added."""
        self.last = last
        self.coverage.close(self.end)

    def add(self, seen: Observation) -> None:
        """Record one observation; messages are ignored."""
        self.seen.append(seen)
        match seen:
            case StepStarted():
                self._started(seen)
            case Beyond():
                self.beyond.append(seen)
            case StepEnded():
                self._ended(seen)
            case Paced():
                self.paces.append(seen)
            case Achieved():
                self.achieved.append(seen)
            case Demand():
                its = self.demand.setdefault((seen.broker, seen.destination), [])
                if its and its[-1].present is not seen.present:
                    self._found((seen.broker, seen.destination), seen)
                if seen.t <= self.stretch.end:
                    its.append(seen)
            case BridgeSeen():
                self._bridge(seen)
            case DestinationSeen():
                self.destinations.setdefault((seen.broker, seen.destination), []).append(seen)
            case LinkChanged():
                self._link(seen)
            case LinkSeen():
                self.links[(seen.link, seen.leaving, seen.reaching)] = seen
            case BrokerChanged():
                if seen.standby:  # the broker still serves; only its standby changed
                    words = f"instance {seen.instance} of {seen.broker}, the standby, was {seen.state}"
                    self.events.append(Event(t=seen.t, words=words, of=seen.broker))
                else:
                    self._broker(seen.broker, seen.state, seen.t, seen.instance)
            case ConnectorChanged():
                self._broker(f"connector {seen.connector} of {seen.broker}", seen.state, seen.t)
            case PeeringChanged() | RouteChanged() | RuleChanged():
                self._network(seen)
            case Attempted():
                self.attempts.append(seen)
            case PacketsDropped():
                self.dropped.append(seen)
            case Approached():
                self.approaches.append(seen)
            case LogLine():
                self.log.append(seen)
            case Counted() | SnapshotTaken():
                self.snapshots.add(seen)
            case Trouble():
                self.events.append(Event(t=seen.t, words=f"{seen.who}: {seen.what}"))
            case Maintenance():
                self.windows.append(seen)
            case SightChanged():
                self.coverage.add(seen)
                if seen.state == "lost":
                    words = f"{seen.broker}'s {seen.of} could not be read any more"
                    self.events.append(Event(t=seen.since, words=words, of=seen.broker))
            case Watched() | Unwatched() | Forgotten():
                self._watched(seen)
            case Ended():
                self.ended = seen
            case _:
                pass  # a message: the ledger records those

    def _started(self, seen: StepStarted) -> None:
        named = f" {seen.name}" if seen.name else ""
        place = seen.place or str(seen.step)
        self.asked[seen.step] = f"step {place}{named} ({seen.asked})"
        if seen.due is not None and seen.t - seen.due > LATE:
            self.late.append(seen)
        kind, words = self._kinds.get(seen.verb, Step), self.asked[seen.step]
        its = StepTaken(step=seen.step, verb=seen.verb, asked=seen.asked, started=seen.t, kind=kind, words=words)
        self.steps.append(replace(its, name=seen.name, place=place))

    def _ended(self, seen: StepEnded) -> None:
        for place in range(len(self.steps) - 1, -1, -1):  # concurrent steps end in any order
            step = self.steps[place]
            if step.step == seen.step:
                self.steps[place] = replace(step, ended=seen.t, ok=seen.ok, fails=seen.fails, note=seen.note)
                return

    def _watched(self, seen: Watched | Unwatched | Forgotten) -> None:
        """Record whether the lab was watched; after a gap the state of a bridge is unknown until it is seen again."""
        self.coverage.add(seen)
        if not isinstance(seen, Unwatched):
            return
        for end, its in self.bridges.items():
            if its.up:
                self.bridges[end] = its.with_fields(up=False, t=seen.since)
                self.bridge_changes.append((seen.since, end, False))
                self._unseen.add(end)

    def _bridge(self, seen: BridgeSeen) -> None:
        """Record the state of a bridge's end; a change of it is an event too."""
        end = End(seen.connector, seen.broker, seen.remote, seen.created_by_duplex)
        before = self.bridges.get(end)
        if before is not None and before.up and not seen.up and seen.remote_address not in ("", before.remote_address):
            return  # an earlier session of this end has gone, not the present one
        if before is None or before.up != seen.up:
            self._found(end, seen)
        if seen.t > self.stretch.end:
            return
        self.bridges[end] = seen
        if before is None or before.up != seen.up:
            # Both ends of one change of session are seen at one look, and the new one may be some microseconds older.
            self.bridge_changes.append((seen.t if before is None else max(seen.t, before.t), end, seen.up))
            if before is not None and end not in self._unseen:
                name = f"{seen.connector}'s bridge" if not seen.created_by_duplex else f"the bridge from {seen.remote}"
                words = f"{name} on {seen.broker} {'came back' if seen.up else 'went down'}"
                self.events.append(Event(t=seen.t, words=words, of="bridge"))
        self._unseen.discard(end)

    def _found(self, of: End | tuple[str, str], seen: BridgeSeen | Demand) -> None:
        """Record, of a change that a look found, when it may have been: since the look before."""
        if seen.last_look is not None and seen.last_look < seen.t:
            between = Silence(broker=seen.broker, of="look", begin=seen.last_look, end=seen.t)
            self.looks.setdefault(of, []).append(between)

    def _link(self, seen: LinkChanged) -> None:
        """Record the state of a link's direction; a closure, its end and an impairment are events too."""
        shut = self._shut.setdefault(seen.link, {})
        was_shut = bool(shut)
        if seen.state == "open":
            shut.pop(seen.leaving, None)
        else:
            shut[seen.leaving] = seen.state
        if was_shut and not shut:
            self._last_closure(seen.link, end=seen.t)
            self.events.append(Event(t=seen.t, words=f"link {seen.link} was healed", of="link"))
        elif shut and not was_shut:
            self.closures.append(Closure(link=seen.link, state=seen.state, leaving=(seen.leaving,), start=seen.t))
        elif shut:
            self._last_closure(seen.link, also=seen.leaving)
        direction = (seen.link, seen.leaving)
        if self._impairments.get(direction, seen.impairment) != seen.impairment:
            words = f"link {seen.link} leaving {seen.leaving} was impaired ({seen.impairment})"
            self.events.append(Event(t=seen.t, words=words, of="link"))
        elif seen.state == "open" and not was_shut and direction not in self._impairments:
            words = f"link {seen.link} leaving {seen.leaving} was set ({seen.impairment})"
            self.events.append(Event(t=seen.t, words=words, of="link"))
        self._impairments[direction] = seen.impairment

    def _broker(self, what: str, state: str, t: float, instance: int = 0) -> None:
        """Record that a broker or connector went down or came back; a broker is down once it is stopping."""
        of = "connector" if what.startswith("connector ") else what
        place = next((n for n, outage in enumerate(self.outages) if outage.what == what and outage.end is None), None)
        if state == "active":
            self.restarted.add(what)  # the instance that takes over counts from zero
            self._taken_over[what] = t
            self.events.append(Event(t=t, words=f"instance {instance} of {what} became active", of=of))
            if place is not None:
                self.outages[place] = replace(self.outages[place], end=t, back=state)
        elif state in ("started", "resumed"):
            self.events.append(Event(t=t, words=f"{what} was {state}{' again' if state == 'started' else ''}", of=of))
            if place is not None:
                self.outages[place] = replace(self.outages[place], end=t, back=state)
        elif state in ("creating", "created"):
            self.events.append(Event(t=t, words=f"{what} was {'being ' if state == 'creating' else ''}created", of=of))
        elif state == "starting":
            self.restarted.add(what)  # and it stays down until it has started
            if place is not None and self.outages[place].begun is None:
                self.outages[place] = replace(self.outages[place], begun=t)
        elif place is None and t < self._taken_over.get(what, -inf):  # reported after the takeover that ended it
            end = self._taken_over[what]
            if not any(out.what == what and out.start <= t and out.end == end for out in self.outages):
                self.outages.append(replace(Outage.of(what, state, t), end=end, back="active"))
        elif place is None:
            self.outages.append(Outage.of(what, state, t))
        elif state in ("killed", "stopped", "deleted"):  # one that was asked to stop, or that was paused or down
            self.outages[place] = self.outages[place].over(state, t)

    def _network(self, seen: PeeringChanged | RouteChanged | RuleChanged) -> None:
        """Record the state of a peering, route or rule; a change of it is an event too."""
        known = True
        match seen:
            case PeeringChanged():
                known = seen.peering in self.peerings
                self.peerings[seen.peering] = seen
                words = f"the peering {seen.peering} was {seen.state}"
            case RouteChanged():
                known = bool(self.steps)
                self.routes[seen.table, seen.destination] = seen
                became = "became a blackhole" if seen.state == "blackhole" else f"was {seen.state}"
                words = f"the route {seen.destination} of {seen.table} {became}"
            case RuleChanged():
                words = f"the rule {seen.rule} of {seen.group} was {seen.state}"
        if known:
            self.events.append(Event(t=seen.t, words=words, of="network"))

    def _last_closure(self, link: str, *, end: float | None = None, also: str | None = None) -> None:
        """Update a link's latest closure: end it, or add a direction."""
        position = max(place for place, closure in enumerate(self.closures) if closure.link == link)
        closure = self.closures[position]
        if also is not None and also not in closure.leaving:
            closure = replace(closure, leaving=(*closure.leaving, also))
        self.closures[position] = closure if end is None else replace(closure, end=end)
