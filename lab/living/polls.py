"""Polls of a running lab for people who watch it: status, counters, settings of links, and the events up to then."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from lab.base.dataclass import dataclass
from lab.history import Counted, Follower, StepEnded
from lab.history.display import Row
from lab.living.history import file_of
from lab.living.lab import Live
from lab.report.timeline import Message, folded
from lab.runtime.status import Status

_EVENTS = 100  # that are remembered: more than a screen has lines for


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A poll of a lab."""

    clock: str  # the time of day, as people read it
    t: float  # seconds of the lab's clock
    status: Status
    counted: tuple[Counted, ...] = ()  # of the brokers that answered
    events: tuple[Row, ...] = ()  # the last of its history


class Events:
    """The latest events of a lab's history, and how far it has grown. Thread-safe."""

    def __init__(self, live: Live) -> None:
        self._path = file_of(live.lab.note)  # there is none of a lab that an early version opened
        self._history: Follower | None = None
        self._lock = Lock()
        self._latest: deque[Row] = deque(maxlen=_EVENTS)  # without messages
        self._messages: deque[Row] = deque(maxlen=_EVENTS)
        self.lines = self.steps = 0  # lines so far, and ends of steps among them

    @property
    def ended(self) -> bool:
        """Return whether the history has its end."""
        return self._history is not None and self._history.ended

    def read(self) -> Sequence[Row]:
        """Read the new lines of the history, and return their events."""
        with self._lock:
            if self._history is None and self._path.exists():  # of a run, it may begin after this page
                self._history = Follower(self._path)
            if self._history is None:
                return ()
            seen = list(self._history.new())
            self.lines += len(seen)
            self.steps += sum(isinstance(each, StepEnded) for each in seen)
            messages = list(folded(each for each in seen if isinstance(each, Message)))
            others = [each.row() for each in seen if each.is_news and not isinstance(each, Message)]
            self._messages += messages
            self._latest += others
            return [*others, *messages]

    def latest(self, most: int = _EVENTS) -> tuple[Row, ...]:
        """Return the latest events in their order, up to `most`; messages displace at most half of the others."""
        with self._lock:
            messages = min(len(self._messages), max(most // 2, most - len(self._latest)))
            rows = [*list(self._latest)[-(most - messages) :], *list(self._messages)[len(self._messages) - messages :]]
            return tuple(sorted(rows, key=lambda row: row.t))  # logs are read later than they are written

    def close(self) -> None:
        """Close the history."""
        if self._history is not None:
            self._history.close()


class Looks:
    """Polls a lab; each poll has the events of the lab's history up to then."""

    def __init__(self, live: Live) -> None:
        self._live, self.events = live, Events(live)

    def look(self) -> Look:
        """Return a poll of the lab's present state."""
        status, lab = self._live.status(), self._live.lab
        counted = tuple(each for each in lab.management.snapshot("watch") if isinstance(each, Counted))
        self.events.read()
        return Look(
            clock=datetime.now().strftime("%H:%M:%S"),
            t=lab.clock.now(),
            status=status,
            counted=counted,
            events=self.events.latest(),
        )

    def close(self) -> None:
        """Close the history."""
        self.events.close()


@dataclass(frozen=True, slots=True)
class Rates:
    """The growth of counters in a second, between two looks."""

    now: Look
    before: Look | None

    def of(self, counted: Counted, counter: str) -> str:
        """Return a counter's rate in words; – at the first look, and where it began anew."""
        last = self._last(counted)
        if last is None or counter not in counted.counters or counter not in last.counters:
            return "–"
        return rate(counted.counters[counter], counted.t, last.counters[counter], last.t)

    def grows(self, counted: Counted, counter: str) -> bool:
        """Return whether a counter has changed since the poll before."""
        last = self._last(counted)
        return last is None or counted.counters.get(counter) != last.counters.get(counter)

    def of_bridge(self, connector: str, source: str, target: str) -> str:
        """Return the rate of messages that one end of a bridge has sent, and the other end has acknowledged."""
        found = (
            self.of(each, "dequeued")
            for each in self.now.counted
            if each.of == "bridge" and (each.name, each.broker, each.remote) == (connector, source, target)
        )
        return next(found, "–")

    def _last(self, counted: Counted) -> Counted | None:
        def key(counted: Counted) -> tuple[str, ...]:
            return counted.of, counted.broker, counted.name, counted.remote, counted.session

        return next((each for each in self.before.counted if key(each) == key(counted)), None) if self.before else None


def rate(now: float, at: float, before: float, then: float) -> str:
    """Return the growth of a counter in a second, in words; – if it began anew."""
    if at <= then or now < before:  # a counter that has begun anew
        return "–"
    found = (now - before) / (at - then)
    return f"{found:.1f}" if found < 100 else f"{found:.0f}"
