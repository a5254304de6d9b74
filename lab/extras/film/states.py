"""The states of a film's parts as observations change them: links, both ends of bridges, brokers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Protocol

from lab.base.dataclass import dataclass
from lab.extras.film.stage import Stage
from lab.history import BridgeSeen, BrokerChanged, Demand, DestinationSeen, LinkChanged, Observation, SightChanged
from lab.history.display import Tone
from lab.report.picture import Bridge

WELL, UNKNOWN, NONE = "well", "unknown", "none"
_LONGEST = 27  # signs of a line in a box
State = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the map whose state changes: its kind, its number in the drawing, its names, its first state.

    The state of a link is its tone, its words and the state of both directions; of a bridge, the states of both ends;
    of a broker, its tone and two lines of words.
    """

    kind: str  # link | bridge | broker
    number: int
    names: tuple[str, ...]
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A client began to listen at a broker, or stopped: a change that a ledger has, and no observation."""

    t: float
    broker: str
    client: str
    begins: bool


class States:
    """All states, changed observation by observation."""

    def __init__(self, shown: Stage, pairs: frozenset[str], later: frozenset[str] = frozenset()) -> None:
        """`pairs` are the brokers with two instances, and `later` those that a step creates."""
        self._links = {ends: _Link(shown.ends[number]) for ends, number in shown.links.items()}
        self._bridges = {bridge: _Bridge(bridge) for bridge in shown.bridges}
        self._brokers = {name: _Broker(pair=name in pairs) for name in shown.brokers}
        for name in later & self._brokers.keys():
            self._brokers[name].tone, self._brokers[name].word = str(Tone.PLAIN), "not created yet"
        self._initiated: dict[tuple[str, str, str], _Bridge] = {}
        self._between: dict[tuple[str, str], list[_Bridge]] = {}  # by the initiator's broker and the other one
        for bridge, holder in self._bridges.items():
            self._initiated[bridge.connector, bridge.broker, bridge.remote] = holder
            self._between.setdefault((bridge.broker, bridge.remote), []).append(holder)
        kept: list[tuple[str, int, tuple[str, ...], _Holder]] = [
            *(("link", number, shown.ends[number], self._links[ends]) for ends, number in shown.links.items()),
            *(
                ("bridge", number, (bridge.connector, bridge.broker, bridge.remote), self._bridges[bridge])
                for bridge, number in shown.bridges.items()
            ),
            *(("broker", number, (name,), self._brokers[name]) for number, name in enumerate(shown.brokers)),
        ]
        self._numbers = {id(holder): number for number, (*_, holder) in enumerate(kept)}
        self.parts = tuple(
            Part(kind=kind, number=number, names=names, state=holder.state) for kind, number, names, holder in kept
        )
        self._present = [part.state for part in self.parts]

    def changes(self, event: Observation | Listening) -> tuple[tuple[int, State], ...]:
        """Take an event, and return the numbers of the parts that it changed, with their new states."""
        changed = []
        for holder in self._take(event):
            number, state = self._numbers[id(holder)], holder.state
            if state != self._present[number]:
                self._present[number] = state
                changed.append((number, state))
        return tuple(changed)

    def _take(self, event: Observation | Listening) -> Sequence[_Holder]:
        """Change the states, and return those that may have changed."""
        if isinstance(event, LinkChanged):
            link = self._links.get(frozenset((event.leaving, event.reaching)))
            if link is not None:
                link.change(event)
            return [link] if link is not None else []
        broker = self._brokers.get(getattr(event, "broker", ""))
        if isinstance(event, BridgeSeen):
            return [*self._ends(event), *self._instance(event, broker)]
        if isinstance(event, SightChanged) and event.of == "management":
            for bridge in self._bridges.values():
                bridge.sight(event.broker, lost=event.state == "lost")
            if broker is not None:
                broker.unseen = event.state == "lost"
            return [*self._bridges.values(), *([] if broker is None else [broker])]
        if broker is None:
            return []
        match event:
            case BrokerChanged():
                broker.change(event)
            case Demand():
                (broker.demand.add if event.present else broker.demand.discard)(event.destination)
            case DestinationSeen() if event.destination.startswith("queue://"):
                broker.queued[event.destination] = event.queued
            case Listening():
                broker.clients[event.client] = broker.clients.get(event.client, 0) + (1 if event.begins else -1)
            case _:
                return []
        return [broker]

    def _ends(self, end: BridgeSeen) -> Sequence[_Bridge]:
        """Take the state of one end of a bridge, and return the bridges that it may belong to."""
        if not end.created_by_duplex:
            bridge = self._initiated.get((end.connector, end.broker, end.remote))
            if bridge is not None:
                bridge.near.look(end)
            return [] if bridge is None else [bridge]
        answered = self._between.get((end.remote, end.broker), [])
        named = [bridge for bridge in answered if bridge.connector == end.connector]
        for bridge in named or answered:
            bridge.far.look(end, among=1 if named else len(answered))
        return named or answered

    def _instance(self, end: BridgeSeen, broker: _Broker | None) -> Sequence[_Broker]:
        """Note the instance of a pair that a bridge is up at: it is the active one."""
        if broker is None or broker.active or not (end.instance and end.up):
            return []
        broker.active = end.instance
        return [broker]


class _Holder(Protocol):
    """A part's state."""

    @property
    def state(self) -> State:
        """Return the state as the film shows it."""
        ...


class _Link:
    """A link: the state and the impairment of each direction."""

    def __init__(self, ends: tuple[str, str]) -> None:
        self._ways = ends, ends[::-1]
        self._now: dict[tuple[str, str], tuple[str, str]] = {}  # by direction: tone and words
        self._first: dict[tuple[str, str], str] = {}  # the impairment before any change, if it is known

    def change(self, change: LinkChanged) -> None:
        way = change.leaving, change.reaching
        look = change.look.looks.get(change.state)
        if look is not None:
            self._first.setdefault(way, change.impairment)
            self._now[way] = str(look.tone), look.label.removeprefix("link ")
        elif change.state != "open":
            self._now[way] = str(Tone.PLAIN), change.state
        elif self._first.setdefault(way, "") == change.impairment:
            self._now[way] = WELL, ""
        else:
            self._now[way] = str(Tone.WORSE), change.impairment

    @property
    def state(self) -> State:
        tones, words = zip(*(self._now.get(way, (WELL, "")) for way in self._ways), strict=True)
        worst = next((tone for tone in (Tone.SHUT, Tone.WORSE, Tone.PLAIN) if tone in tones), WELL)
        if words[0] == words[1]:
            text = words[0]
        else:
            text = "; ".join(f"{way[0]} → {way[1]} {each}" for way, each in zip(self._ways, words, strict=True) if each)
        return str(worst), text, *map(str, tones)


class _End:
    """One end of a bridge: its sessions that are up."""

    def __init__(self, broker: str) -> None:
        self.broker = broker
        self.unseen = False
        self._known = False
        self._among = 1  # bridges that this end's sessions may belong to
        self._up: set[tuple[str, str]] = set()

    def look(self, end: BridgeSeen, among: int = 1) -> None:
        self._known, self._among = True, among
        if end.up:
            self._up.add((end.connector, end.remote_address))
        else:
            gone = {
                session
                for session in self._up
                if session[0] == end.connector and end.remote_address in ("", session[1])
            }
            self._up -= gone or ({next(iter(self._up))} if end.remote_address == "" and self._up else set())

    @property
    def state(self) -> str:
        if self.unseen or not self._known or 0 < len(self._up) < self._among:
            return UNKNOWN
        return "up" if self._up else "down"


class _Bridge:
    """A bridge: its initiator's end, and the responder's end if it is duplex."""

    def __init__(self, bridge: Bridge) -> None:
        self.connector = bridge.connector
        self.near, self.far = _End(bridge.broker), _End(bridge.remote)
        self._duplex = bridge.duplex

    def sight(self, broker: str, *, lost: bool) -> None:
        for end in (self.near, self.far):
            if end.broker == broker:
                end.unseen = lost

    @property
    def state(self) -> State:
        return self.near.state, self.far.state if self._duplex else NONE


@dataclass(slots=True, kw_only=True)
class _Broker:
    """A broker: its state, its active instance, its clients, demand and queues."""

    pair: bool
    tone: str = WELL
    word: str = "running"
    instance: int = 0  # that changed last
    active: int = 0
    standby: str = ""
    unseen: bool = False
    clients: dict[str, int] = field(default_factory=dict)
    demand: set[str] = field(default_factory=set)
    queued: dict[str, int] = field(default_factory=dict)

    def change(self, change: BrokerChanged) -> None:
        course = change.look
        look, back = course.looks.get(change.state), change.state in course.ends
        of_standby = change.standby or (back and self.tone == WELL and change.instance not in (0, self.active))
        if of_standby and change.state != "active":
            self.standby = "" if back else f"standby {change.state}"
            return
        self.instance = change.instance
        if change.state == "active" or (back and change.instance and not self.active):
            self.active = change.instance
        if look is None and not back and change.state not in course.looks:
            self.tone, self.word = str(Tone.PLAIN), change.state  # a state that the page does not know
        else:
            self.tone = WELL if back else self.tone if look is None else str(look.tone)
            self.word = "running" if back else change.state
        if not back and change.instance:
            self.active = 0 if self.active == change.instance else self.active

    @property
    def state(self) -> State:
        return (UNKNOWN if self.unseen and self.tone == WELL else self.tone), self._first, self._second

    @property
    def _first(self) -> str:
        if self.unseen and self.tone == WELL:
            return "not seen"
        if self.pair and self.tone == WELL:
            words = f"instance {self.active} active" if self.active else "pair, running"
        elif self.instance:
            words = f"instance {self.instance} {self.word}"
        else:
            words = self.word
        return f"{words}, {self.standby}" if self.standby else words

    @property
    def _second(self) -> str:
        listening = sum(count > 0 for count in self.clients.values())
        queued = sum(self.queued.values())
        clients = f"{listening} listening" if listening else ""
        waiting = f"{queued:,} queued" if queued else ""
        names = ", ".join(sorted(name.partition("://")[2] or name for name in self.demand))
        for demand in (names, str(len(self.demand))):
            words = " · ".join(filter(None, [clients, f"demand: {demand}" if self.demand else "", waiting]))
            if len(words) <= _LONGEST:
                break
        return words
