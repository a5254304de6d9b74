"""The observers of all simulated brokers, and the watch that records their events.

In the emulation, the lab reads the events of a broker by requests, and a killed broker takes those that were not read
with it. Here each event is recorded at its moment, and a kill loses none. Whether it did is unknown all the same: a
verdict in the simulation is that of real brokers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from lab.base.dataclass import dataclass
from lab.history import ObserverChanged, Recorder
from lab.runtime.observer_events import ENDED, FULL, STOPPED, Event, ProcessChanged, Translator
from lab.simulation.broker.observer import Observer
from lab.simulation.kernel import SECOND, Kernel

MOST_EVENTS = 50_000  # that an observer keeps until the lab reads them, as docker/broker/observer has it
_PATIENCE = SECOND  # ns without an answer after which the history says so, as in the emulation


@dataclass(slots=True, eq=False, kw_only=True)
class _Process:
    """One process of an observed broker, and its events that were not recorded yet."""

    translator: Translator = field(default_factory=Translator)
    events: deque[Event] = field(default_factory=deque)
    dropped: int = 0
    known: bool = False  # whether its begin is recorded
    stopped: bool = False  # in order
    paused: float | None = None  # seconds: since when it does not answer
    silent: bool = False  # whether the history has it that it does not answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """An instance of an observed broker."""

    broker: str
    mark: int  # of an instance of an active/standby pair; 0 for a single instance
    answers: Callable[[], bool]  # whether its process serves


class Observers:
    """Makes an observer for each process of an observed broker, and records the events while a recorder follows."""

    def __init__(
        self,
        patterns: Mapping[str, Sequence[str]],  # by broker; one without is not observed
        instances: Mapping[str, Observed],
        kernel: Kernel,
    ) -> None:
        self._patterns, self._instances, self._kernel = patterns, instances, kernel
        self._processes: dict[str, _Process] = {}  # by instance
        self._recorder: Recorder | None = None
        self._read_at = 0.0  # when the last recorder had all events

    def add(self, broker: str, patterns: Sequence[str], instances: Mapping[str, Observed]) -> None:
        """Add a broker and its instances."""
        self._patterns = {**self._patterns, broker: patterns}
        self._instances = {**self._instances, **instances}

    def begin(self, instance: str) -> Observer | None:
        """Return the observer of an instance's new process; None if its broker is not observed."""
        broker = self._instances[instance].broker
        if not (patterns := self._patterns.get(broker)):
            return None
        process = self._processes[instance] = _Process()
        if self._recorder is not None:
            self._read(instance, process)
        return Observer(patterns, lambda: self._kernel.now, lambda event: self._add(instance, process, event), broker)

    def follow(self, recorder: Recorder) -> None:
        """Record the events since the last recorder, and then each event at its moment."""
        self._recorder = recorder
        for instance, process in self._processes.items():
            self._read(instance, process)

    def unfollow(self) -> None:
        """Record the end of the observation of each broker, then no more events."""
        if self._recorder is None:
            return
        for instance, process in list(self._processes.items()):
            if self._instances[instance].answers():
                self._change(instance, "ended")
            else:
                self._lose(instance, process, process.paused)
        self._recorder, self._read_at = None, self._now

    def _add(self, instance: str, process: _Process, event: Event) -> None:
        if self._processes.get(instance) is not process:
            return
        match event:
            case ProcessChanged(state="stopped"):
                process.stopped = True
                if process.known and self._recorder is not None:
                    self._change(instance, "ended", why=STOPPED)
            case ProcessChanged(state="halted"):
                self._lose(instance, process, event.t)
            case ProcessChanged(state="paused"):
                process.paused = event.t
                self._kernel.after(_PATIENCE, self._fall_silent, instance, process, event.t)
            case ProcessChanged(state="resumed"):
                process.paused = None
                self._answer(instance, process)
        if len(process.events) >= MOST_EVENTS:
            process.dropped += 1
            return
        process.events.append(event)
        if self._recorder is not None:
            self._record(process, self._recorder)

    def _read(self, instance: str, process: _Process) -> None:
        assert self._recorder is not None
        if not process.known:
            process.known = True
            self._change(instance, "began", patterns=tuple(self._patterns[self._instances[instance].broker]))
        if process.dropped:
            dropped = process.dropped
            process.dropped = 0
            self._change(instance, "lost", since=self._read_at, lost_events=dropped, why=FULL)
        self._record(process, self._recorder)

    def _record(self, process: _Process, recorder: Recorder) -> None:
        while process.events:
            for observation in process.translator.observations(process.events.popleft()):
                recorder.record(observation)

    def _lose(self, instance: str, process: _Process, since: float | None) -> None:
        """Record that a process that is gone may have taken events with it, unless it ended in order."""
        if process.known and not process.stopped and self._recorder is not None:
            self._change(instance, "lost", since=self._now if since is None else since, why=ENDED)
        process.known = False

    def _fall_silent(self, instance: str, process: _Process, since: float) -> None:
        """Record that a paused process does not answer, if it has not gone on meanwhile."""
        if process.known and process.paused == since and self._recorder is not None:
            process.silent = True
            self._change(instance, "silent", since=since, why="it does not answer")

    def _answer(self, instance: str, process: _Process) -> None:
        """Record that a process answers again, if the history has it that it does not."""
        if process.silent and self._recorder is not None:
            self._change(instance, "answering")
        process.silent = False

    @property
    def _now(self) -> float:
        return self._kernel.now / SECOND

    def _change(self, instance: str, state: str, **more: object) -> None:
        assert self._recorder is not None
        observed = self._instances[instance]
        change = ObserverChanged(t=self._now, broker=observed.broker, state=state, instance=observed.mark)
        self._recorder.record(change.with_fields(**more))
