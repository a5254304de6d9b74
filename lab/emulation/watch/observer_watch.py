"""The watch over the observers inside brokers: their events, taken often, as observations on the lab's clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from lab.dataclass import dataclass
from lab.emulation.state import InstanceState
from lab.emulation.watch.observer_events import Answer, Translator
from lab.errors import BrokerError
from lab.history import ObserverChanged, Recorder
from lab.runtime.clock import Clock
from lab.runtime.lab import Failed

_POLL_SECONDS = 0.05  # seconds between two requests: an event is in the history within 0.1 s
_NANOSECONDS = 1e9

# Returns an instance's events after a number of a process; the broker forgets those before. None: no observer is there.
Take = Callable[[InstanceState, str, int], Answer | None]


@dataclass(slots=True, kw_only=True)
class _Process:
    """One process of a broker: its clock against the lab's, and the events read from it."""

    started: str
    translator: Translator
    offset: float  # seconds that the lab's clock is ahead of the broker's
    error: float  # seconds by which the offset may be wrong
    next: int = 1  # the number of the next event
    dropped: int = 0


class ObserverWatch:
    """Takes the events of all instances of observed brokers until `end`, in a thread for each of them."""

    def __init__(
        self,
        instances: Sequence[InstanceState],
        patterns: Mapping[str, Sequence[str]],  # by broker; one without is not observed
        take: Take,
        clock: Clock,
        recorder: Recorder,
        failed: Failed,
    ) -> None:
        self._watches = [
            _InstanceWatch(instance, tuple(patterns[instance.broker]), take, clock, recorder)
            for instance in instances
            if patterns.get(instance.broker)
        ]
        self._failed = failed
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Take events in the background."""
        for watch in self._watches:
            name = f"mqlab-observer-{watch.instance.name}"
            thread = threading.Thread(target=self._follow, args=(watch,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        """Take the events that are there by now, and stop."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _follow(self, watch: _InstanceWatch) -> None:
        try:
            while not self._stop.is_set():
                if not watch.take():
                    self._stop.wait(_POLL_SECONDS)
            while watch.take():
                pass
            watch.end()
        except Exception as error:  # noqa: BLE001 (of whatever kind: the observer is not read from here on)
            watch.lose(f"its watch has ended: {type(error).__name__}: {error}")
            self._failed(error)


class _InstanceWatch:
    """The watch over the observer of one instance."""

    def __init__(
        self, instance: InstanceState, patterns: tuple[str, ...], take: Take, clock: Clock, recorder: Recorder
    ) -> None:
        self.instance, self._patterns = instance, patterns
        self._take, self._clock, self._recorder = take, clock, recorder
        self._process: _Process | None = None
        self._read_at = clock.now()  # when the broker had no more events

    def take(self) -> bool:
        """Record the events that are there; return whether there may be more at once."""
        process = self._process
        before = self._clock.now()
        try:
            read = ("", 0) if process is None else (process.started, process.next - 1)
            answer = self._take(self.instance, *read)
        except BrokerError:
            return False  # it does not answer: if its process has ended, the next one tells
        if answer is None:
            return False
        after = self._clock.now()
        if process is None or process.started != answer.head.started:
            if process is not None:
                self.lose("its process ended, perhaps with events that were not read")
            process = self._begin(answer, before, after)
        elif (after - before) / 2 < process.error:
            self._set_clock(process, answer, before, after)
        if answer.head.dropped > process.dropped:
            lost = answer.head.dropped - process.dropped
            process.dropped = answer.head.dropped
            self._changed("lost", since=self._read_at, lost_events=lost, why="its buffer of events was full")
        self._record(process, answer)
        process.next = answer.head.first + len(answer.events)
        more = answer.head.left > len(answer.events)
        if not more:
            self._read_at = before
        return more

    def lose(self, why: str) -> None:
        """Record that events may be missing from the last complete reading on."""
        self._changed("lost", since=self._read_at, why=why)

    def end(self) -> None:
        """Record the end of the observation."""
        if self._process is not None:
            self._changed("ended", clock_error=self._process.error)

    def _begin(self, answer: Answer, before: float, after: float) -> _Process:
        process = _Process(started=answer.head.started, translator=Translator(self.instance.broker), offset=0, error=0)
        self._set_clock(process, answer, before, after)
        self._process = process
        self._changed("began", patterns=self._patterns, clock_error=process.error)
        return process

    def _set_clock(self, process: _Process, answer: Answer, before: float, after: float) -> None:
        process.offset = (before + after) / 2 - answer.head.now / _NANOSECONDS
        process.error = (after - before) / 2

    def _record(self, process: _Process, answer: Answer) -> None:
        for event in answer.events:
            t = event.at / _NANOSECONDS + process.offset
            took = None if event.done is None else (event.done - event.at) / _NANOSECONDS
            for seen in process.translator.observations(event, t, took):
                self._recorder.record(seen)

    def _changed(self, state: str, **more: object) -> None:
        seen = ObserverChanged(
            t=self._clock.now(), broker=self.instance.broker, state=state, instance=self.instance.mark
        )
        self._recorder.record(seen.with_fields(**more))
