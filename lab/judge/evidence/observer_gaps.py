"""The events of observers that are missing from a history, and the processes of brokers that the others are of."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from lab.base.units import several
from lab.history import BrokerChanged, ConsumerSeen, MessageSeen, Observation, ObserverChanged
from lab.judge.wording import moment

GONE = ("stopped", "killed", "deleted")  # states of a broker that has no connections
_KILLED = "it was killed, perhaps with events that were not read"
_ANEW = "its process began anew, and no event shows that the earlier process ended in order"


class _Stranger(NamedTuple):
    """A consumer that began while events were lost, with its first and its last event."""

    broker: str
    consumer: str
    first: float
    last: float


class ObserverGaps:
    """Collects the gaps; `process` wants the lines in the order of the history, and `add` in that of their moments."""

    def __init__(self) -> None:
        self._lost: list[ObserverChanged] = []
        self._silent: dict[tuple[str, int], ObserverChanged] = {}  # by broker and instance: observers without answers
        self._processes: dict[str, int] = {}  # by broker
        self._read: dict[tuple[str, int], float] = {}  # by broker and instance: when the last process was last read
        self._errors: dict[str, float] = {}  # by broker: the largest error of its clock, in seconds
        self._blind: dict[str, int] = {}  # by broker: the process of which events were lost
        self._strangers: dict[tuple[str, str], _Stranger] = {}  # by broker and consumer id

    @property
    def silent(self) -> bool:
        """Return whether an observer does not answer."""
        return bool(self._silent)

    def process(self, line: Observation) -> int:
        """Return the number of the broker's process that a line is of: the lines after its begin are of it."""
        if isinstance(line, ObserverChanged) and line.state == "began":
            self._processes[line.broker] = self._processes.get(line.broker, 0) + 1
        if isinstance(line, ObserverChanged | ConsumerSeen | MessageSeen):
            return self._processes.get(line.broker, 0)
        return 0

    def add(self, change: ObserverChanged, process: int) -> bool:
        """Add a change of an observer; return whether events were lost."""
        key = (change.broker, change.instance)
        self._errors[change.broker] = max(change.clock_error, self._errors.get(change.broker, 0.0))
        lost: ObserverChanged | None = None
        match change.state:
            case "lost":
                self._read.pop(key, None)
                lost = change
                self._blind[change.broker] = process
            case "silent":
                self._silent[key] = change
            case "began":
                self._silent.pop(key, None)
                if (read := self._read.pop(key, None)) is not None:
                    lost = change.with_fields(state="lost", since=read, why=_ANEW, patterns=())
                self._read[key] = change.t
            case "answering":
                self._silent.pop(key, None)
            case "ended" if change.why:  # its process ended in order
                self._read.pop(key, None)
            case "ended":
                self._read[key] = change.t
        if lost is not None:
            self._lost.append(lost)
        return lost is not None

    def down(self, change: BrokerChanged) -> bool:
        """Note that the lab stopped or killed a broker or its standby; return whether events may be lost."""
        self._read.pop((change.broker, change.instance), None)
        killed = change.state == "killed" and not change.standby
        if killed:
            self._lost.append(
                ObserverChanged(t=change.t, broker=change.broker, state="lost", since=change.t, why=_KILLED)
            )
        return killed

    def stranger(self, event: MessageSeen, process: int) -> None:
        """Note an event of a consumer that no event introduces, if events of its process were lost."""
        if event.consumer and self._blind.get(event.broker) == process:
            key = (event.broker, event.consumer)
            known = self._strangers.get(key)
            first = event.t if known is None else known.first
            self._strangers[key] = _Stranger(event.broker, event.consumer, first, event.t)

    def clock_error(self, broker: str) -> float:
        """Return the seconds by which the moments of a broker's events may be wrong."""
        return self._errors.get(broker, 0.0)

    def between(self, begin: float, end: float = inf) -> str:
        """Return in words that events are missing between two moments; "" if none are."""
        for silent in self._silent.values():
            if (silent.since or 0.0) <= end:
                return f"the observer of {silent.broker} has not answered since {silent.since or 0.0:.3f} s"
        for lost in self._lost:
            if lost.t >= begin and (lost.since is None or lost.since <= end):
                count = several(lost.lost_events, "event") if lost.lost_events else "events"
                since = "" if lost.since is None else f" after {lost.since:.3f} s"
                return f"the observer of {lost.broker} lost {count}{since}: {lost.why}"
        for its in self._strangers.values():
            if its.last >= begin and its.first <= end:
                return (
                    f"the observer of {its.broker} lost events, and no event shows which client the consumer "
                    f"{its.consumer} is of, which got messages from {moment(its.first)} on: let the clients of "
                    f"{its.broker} connect again, and judge from a later mark"
                )
        return ""
