"""Everything a history says but messages: steps, links, bridges, demand, the brokers' counters, how it ended.

It only writes down; `causes` and the expectations read it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from lab.history import (
    BridgeSeen,
    Counted,
    Demand,
    DestinationSeen,
    Ended,
    LinkChanged,
    LinkSeen,
    Observation,
    SnapshotTaken,
    StepEnded,
    StepStarted,
    Trouble,
)
from lab.judge.snapshots import Snapshots

FAULTS = ("cut", "reject", "heal", "impair")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken:
    """A step, and when; `ended` is None when the history stops before."""

    step: int
    verb: str
    asked: str
    started: float
    ended: float | None = None

    @property
    def done(self) -> float:
        """Give the moment from which its effect is owed."""
        return self.started if self.ended is None else self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that may explain what became of a message, in words that follow `0.4 s after`."""

    t: float
    words: str
    of_bridge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A stretch of time in which a link did not pass packets, in one direction or both."""

    link: str
    state: str  # "cut" | "reject"
    leaving: tuple[str, ...]
    start: float
    end: float | None = None

    @property
    def words(self) -> str:
        """Say what happened to the link."""
        way = f" leaving {self.leaving[0]}" if len(self.leaving) == 1 else ""
        healed = "never healed" if self.end is None else f"healed at {self.end:.3f} s"
        return f"link {self.link} {'was cut' if self.state == 'cut' else 'began to reject'}{way} ({healed})"


class End(NamedTuple):
    """One end of a bridge; a responder may not know its connector's name, and say "" or a number such as #4."""

    connector: str
    broker: str
    remote: str
    created_by_duplex: bool

    def answers(self, near: End) -> bool:
        """Tell whether this is the responder's end of an initiator's."""
        named = self.connector == near.connector or self.connector == "" or self.connector.startswith("#")
        return self.created_by_duplex and named and (self.broker, self.remote) == (near.remote, near.broker)


class Timeline:
    """What happened around the messages."""

    def __init__(self) -> None:
        self.last = 0.0
        self.ended: Ended | None = None
        self.steps: list[StepTaken] = []
        self.snapshots = Snapshots()
        self.events: list[Event] = []
        self.closures: list[Closure] = []
        self.demand: dict[tuple[str, str], list[Demand]] = {}
        self.bridges: dict[End, BridgeSeen] = {}
        self.bridge_changes: list[tuple[float, End, bool]] = []
        self.destinations: dict[tuple[str, str], list[DestinationSeen]] = {}
        self.links: dict[tuple[str, str, str], LinkSeen] = {}
        self._shut: dict[str, dict[str, str]] = {}  # by link: the directions that are not open, by what they leave
        self._impairments: dict[tuple[str, str], str] = {}

    @property
    def complete(self) -> bool:
        """Tell whether the replay came to its end."""
        return self.ended is not None and self.ended.complete

    @property
    def end(self) -> float:
        """Give the moment after which nothing was looked at."""
        return self.last if self.ended is None else self.ended.t

    @property
    def fault_steps(self) -> list[StepTaken]:
        """Give the steps that change a link."""
        return [step for step in self.steps if step.verb in FAULTS]

    def add(self, seen: Observation) -> None:
        """Write one observation down."""
        match seen:
            case StepStarted():
                self.steps.append(StepTaken(step=seen.step, verb=seen.verb, asked=seen.asked, started=seen.t))
            case StepEnded():
                self._step_ended(seen)
            case Demand():
                self.demand.setdefault((seen.broker, seen.destination), []).append(seen)
            case BridgeSeen():
                self._bridge(seen)
            case DestinationSeen():
                self.destinations.setdefault((seen.broker, seen.destination), []).append(seen)
            case LinkChanged():
                self._link(seen)
            case LinkSeen():
                self.links[(seen.link, seen.leaving, seen.reaching)] = seen
            case Counted() | SnapshotTaken():
                self.snapshots.add(seen)
            case Trouble():
                self.events.append(Event(t=seen.t, words=f"{seen.who}: {seen.what}"))
            case Ended():
                self.ended = seen
            case _:
                pass  # a message, which is the ledger's

    def _step_ended(self, seen: StepEnded) -> None:
        for position in range(len(self.steps) - 1, -1, -1):
            if self.steps[position].step == seen.step and self.steps[position].ended is None:
                self.steps[position] = replace(self.steps[position], ended=seen.t)
                return

    def _bridge(self, seen: BridgeSeen) -> None:
        end = End(seen.connector, seen.broker, seen.remote, seen.created_by_duplex)
        before = self.bridges.get(end)
        if before is not None and before.up and not seen.up and seen.remote_address not in ("", before.remote_address):
            return  # it is the session before this one that has gone
        self.bridges[end] = seen
        if before is None or before.up != seen.up:
            self.bridge_changes.append((seen.t, end, seen.up))
            if before is not None:
                name = f"{seen.connector}'s bridge" if not seen.created_by_duplex else f"the bridge from {seen.remote}"
                words = f"{name} on {seen.broker} {'came back' if seen.up else 'went down'}"
                self.events.append(Event(t=seen.t, words=words, of_bridge=True))

    def _link(self, seen: LinkChanged) -> None:
        shut = self._shut.setdefault(seen.link, {})
        was_shut = bool(shut)
        if seen.state == "open":
            shut.pop(seen.leaving, None)
        else:
            shut[seen.leaving] = seen.state
        if was_shut and not shut:
            self._last_closure(seen.link, end=seen.t)
            self.events.append(Event(t=seen.t, words=f"link {seen.link} was healed"))
        elif shut and not was_shut:
            self.closures.append(Closure(link=seen.link, state=seen.state, leaving=(seen.leaving,), start=seen.t))
        elif shut:
            self._last_closure(seen.link, also=seen.leaving)
        direction = (seen.link, seen.leaving)
        if self._impairments.get(direction, seen.impairment) != seen.impairment:
            words = f"link {seen.link} leaving {seen.leaving} was impaired ({seen.impairment})"
            self.events.append(Event(t=seen.t, words=words))
        elif seen.state == "open" and not was_shut and direction not in self._impairments:
            words = f"link {seen.link} leaving {seen.leaving} was set ({seen.impairment})"
            self.events.append(Event(t=seen.t, words=words))
        self._impairments[direction] = seen.impairment

    def _last_closure(self, link: str, *, end: float | None = None, also: str | None = None) -> None:
        """Change what is known of a link's present closure."""
        position = max(place for place, closure in enumerate(self.closures) if closure.link == link)
        closure = self.closures[position]
        if also is not None and also not in closure.leaving:
            closure = replace(closure, leaving=(*closure.leaving, also))
        self.closures[position] = closure if end is None else replace(closure, end=end)
