"""The watch over the observers inside brokers: their events, taken often, as observations on the lab's clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from msgspec import structs

from lab.base.dataclass import dataclass
from lab.emulation.state import InstanceState
from lab.emulation.watch.observer_answers import Answer, UnreadableError
from lab.errors import BrokerError
from lab.history import Observation, ObserverChanged, Recorder
from lab.runtime.clock import Clock
from lab.runtime.lab import Down, Failed
from lab.runtime.observer_events import ENDED, FULL, STOPPED, ProcessChanged, Translator

_POLL_SECONDS = 0.05  # seconds between two requests: an event is in the history within 0.1 s
_DRIFT = 2e-4  # seconds a second by which two machines' clocks may drift apart
_GOOD_SECONDS = 0.005  # the error that is stated of a clock at least; a new process's clock is measured down to it
_MOST_MEASUREMENTS = 5  # of a new process's clock: its first answers take long
PATIENCE = 1.0  # seconds without an answer after which the history says that answers are missing
_NANOSECONDS = 1e9

# Returns an instance's events after a number of a process; the broker forgets those before. None: no observer is there.
Take = Callable[[InstanceState, str, int], Answer | None]


_MOST_ANSWERS = 400  # of 512 KiB each: as many as are read when a watch ends


@dataclass(slots=True, kw_only=True)
class Process:
    """One process of an observed broker: its clock against the lab's, and the events read from it."""

    started: str
    offset: float  # seconds that the lab's clock is ahead of the broker's
    error: float  # seconds by which the offset was wrong at most when it was measured
    measured: float  # when that was
    stated: float = 0.0  # the error that the history has
    next: int = 1  # the number of the next event
    dropped: int = 0
    stopped: bool = False  # whether it ended in order, and its last event was read
    silent: bool = False  # whether it did not answer the last time
    translator: Translator = field(default_factory=Translator)

    def error_at(self, t: float) -> float:
        """Return the seconds by which the offset may be wrong at a moment."""
        return self.error + _DRIFT * max(t - self.measured, 0.0)


class ObserverWatch:
    """Takes the events of all instances of observed brokers until `end`, in a thread for each of them.

    One watch at a time may read an observer, since a broker forgets the events that were read.
    """

    def __init__(
        self,
        instances: Sequence[InstanceState],
        patterns: Mapping[str, Sequence[str]],  # by broker; one without is not observed
        take: Take,
        clock: Clock,
        recorder: Recorder,
        failed: Failed,
        processes: dict[str, Process],  # by instance: those read so far, which the next watch goes on with
        patience: float = PATIENCE,
    ) -> None:
        self._watches = [
            _InstanceWatch(instance, tuple(patterns[instance.broker]), take, clock, recorder, processes)
            for instance in instances
            if patterns.get(instance.broker)
        ]
        self._failed, self._patience, self._clock = failed, patience, clock
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Take events in the background."""
        for watch in self._watches:
            name = f"mqlab-observer-{watch.instance.name}"
            thread = threading.Thread(target=self._follow, args=(watch,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)
        if self._watches:
            guard = threading.Thread(target=self._guard, name="mqlab-observers", daemon=True)
            guard.start()
            self._threads.append(guard)

    def end(self) -> None:
        """Take the events up to now, and stop."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _guard(self) -> None:
        """Note observers that do not answer: the request to one may itself take long."""
        while not self._stop.wait(self._patience / 4):
            for watch in self._watches:
                self._note_silence(watch, self._clock.now() - self._patience)

    def _note_silence(self, watch: _InstanceWatch, since: float) -> None:
        """Note that an observer does not answer, unless its instance is the standby of one that does."""
        if watch.answers or not any(other.answers for other in self._watches if other.broker == watch.broker):
            watch.note_silence(since)
        else:
            watch.end_silence()

    def _follow(self, watch: _InstanceWatch) -> None:
        try:
            while not self._stop.is_set():
                if not watch.take():
                    self._stop.wait(_POLL_SECONDS)
            watch.end()
            if not watch.has_answered:
                self._note_silence(watch, self._clock.now())
        except Exception as error:  # noqa: BLE001 (of whatever kind: the observer is not read from here on)
            self._failed(error)
            watch.lose(f"its watch has ended: {type(error).__name__}: {error}")


class _InstanceWatch:
    """The watch over the observer of one instance."""

    def __init__(
        self,
        instance: InstanceState,
        patterns: tuple[str, ...],
        take: Take,
        clock: Clock,
        recorder: Recorder,
        processes: dict[str, Process],
    ) -> None:
        self.instance, self.broker, self._patterns = instance, instance.broker, patterns
        self._take, self._clock, self._recorder = take, clock, recorder
        self._processes = processes
        self._read_at = clock.now()  # when the broker had no more events
        self._lock = threading.Lock()  # of the fields below
        self._answered_at = clock.now()
        self._down = False  # whether the last request found no process, so that no client has a connection
        self.has_answered = False
        self._noted = False  # whether the history has it that the observer does not answer

    @property
    def answers(self) -> bool:
        """Return whether a process of the instance has answered."""
        return self.instance.name in self._processes

    def note_silence(self, since: float) -> None:
        """Record that the observer does not answer, if it has not answered since a moment; once for each silence."""
        with self._lock:
            if not (self._noted or self._down or self._answered_at > since):
                self._noted = True
                self._changed("silent", since=self._read_at, why="it does not answer")

    def end_silence(self) -> None:
        """Record that an observer answers, or need not answer, if the history recorded its silence."""
        with self._lock:
            self._answered_at = self._clock.now()
            if self._noted:
                self._noted = False
                self._changed("answering")

    def take(self) -> bool:
        """Record the events that are there; return whether there may be more at once."""
        process = self._processes.get(self.instance.name)
        before = self._clock.now()
        try:
            read = ("", 0) if process is None else (process.started, process.next - 1)
            answer = self._take(self.instance, *read)
        except UnreadableError:
            raise
        except Down:
            self._down = True
            self._ended(process)
            return False
        except BrokerError:
            self._down = False
            if process is not None:
                process.silent = True  # if it has ended, the next process or the end of the watch tells
            return False
        after = self._clock.now()
        if answer is None or (process is not None and process.started != answer.head.started):
            self._ended(process)
            process = None
        if answer is None:
            self._down = False  # its process answers, and its observer does not
            return False
        if process is None:
            process = self._begin(answer, before, after)
        elif (after - before) / 2 < process.error_at(after):
            self._set_clock(process, answer, before, after)
        elif process.error_at(after) > process.stated:
            process.stated = 2 * process.error_at(after)
            self._changed("clock", clock_error=process.stated)
        process.silent = False
        if answer.head.first > process.next:
            self.lose("another process has read its earlier events")
        if answer.head.dropped > process.dropped:
            lost = answer.head.dropped - process.dropped
            process.dropped = answer.head.dropped
            self._changed("lost", since=self._read_at, lost_events=lost, why=FULL)
        self._record(process, answer)
        process.next = answer.head.first + len(answer.events)
        more = answer.head.left > len(answer.events)
        if not more:
            self._read_at = before
            self._down, self.has_answered = False, True
            self.end_silence()
        return more

    def lose(self, why: str) -> None:
        """Record that events may be missing from the last complete reading on."""
        self._changed("lost", since=self._read_at, why=why)

    def end(self) -> None:
        """Read the remaining events, have the broker forget them, and record the end of the observation."""
        for _ in range(_MOST_ANSWERS):
            if not self.take():
                break
        else:
            self.lose("it had more events at the end than could be read")
        process = self._processes.get(self.instance.name)
        if process is None:
            return
        if process.silent:
            self._ended(process)
            return
        self.take()  # what was read last is known to have come
        self._changed("ended", clock_error=process.error_at(self._clock.now()))

    def _ended(self, process: Process | None) -> None:
        """Forget a process that is gone; its last events may be missing unless it ended in order."""
        if process is not None:
            self._processes.pop(self.instance.name, None)
            if process.stopped:
                self._changed("ended", why=STOPPED)
            else:
                self.lose(ENDED)

    def _begin(self, answer: Answer, before: float, after: float) -> Process:
        process = Process(started=answer.head.started, offset=0, error=0, measured=after)
        self._set_clock(process, answer, before, after)
        self._measure(process)
        self._processes[self.instance.name] = process
        process.stated = max(process.error, _GOOD_SECONDS)
        self._changed("began", patterns=self._patterns, clock_error=process.stated)
        return process

    def _measure(self, process: Process) -> None:
        """Measure the clock of a new process again until its error is small, or a number of times."""
        for _ in range(_MOST_MEASUREMENTS):
            if process.error <= _GOOD_SECONDS:
                return
            before = self._clock.now()
            try:
                answer = self._take(self.instance, "", 0)
            except BrokerError:
                return
            after = self._clock.now()
            if answer is None or answer.head.started != process.started:
                return
            if (after - before) / 2 < process.error:
                self._set_clock(process, answer, before, after)

    def _set_clock(self, process: Process, answer: Answer, before: float, after: float) -> None:
        process.offset = (before + after) / 2 - answer.head.now / _NANOSECONDS
        process.error, process.measured = (after - before) / 2, after

    def _record(self, process: Process, answer: Answer) -> None:
        """Record the events of an answer together: a history that many write to is locked once."""
        observations: list[Observation] = []
        for event in answer.events:
            process.stopped |= isinstance(event, ProcessChanged)
            observations += process.translator.observations(structs.replace(event, t=event.t + process.offset))
        if observations:
            self._recorder.record(*observations)

    def _changed(self, state: str, **more: object) -> None:
        change = ObserverChanged(
            t=self._clock.now(), broker=self.instance.broker, state=state, instance=self.instance.mark
        )
        self._recorder.record(change.with_fields(**more))
