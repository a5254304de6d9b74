"""Watching the brokers while a replay runs: each bridge end that comes or goes, one thread for each broker.

A broker that hangs holds up nobody's watch but its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from lab.errors import BrokerError
from lab.history import BridgeSeen, Recorder, Trouble
from lab.runtime.base import Clock
from lab.runtime.emulation.power import DOWN, PAUSED, STARTING, STOPPING, Power

WATCH_EVERY = 0.5  # seconds between two looks at a broker's bridges

_Ends = Callable[[str], Sequence[BridgeSeen]]  # a broker's bridge ends; BrokerError where it does not answer


class BridgeWatch:
    """Records every bridge end there is when it begins, and each change from then on."""

    def __init__(self, brokers: Sequence[str], ends: _Ends, power: Power, clock: Clock, recorder: Recorder) -> None:
        self._of = {name: _BrokerWatch(name, ends, power, clock, recorder) for name in brokers}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self, pool: Executor) -> None:
        """Look once, then go on in the background."""
        list(pool.map(lambda one: one.look(), self._of.values()))
        for name, one in self._of.items():
            thread = threading.Thread(target=self._watch, args=(one,), name=f"mqlab-watch-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def look(self, broker: str) -> None:
        """Look at one broker at once: something was done to it."""
        self._of[broker].look()

    def end(self) -> None:
        """Record no more: nothing comes after this returns."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _watch(self, one: _BrokerWatch) -> None:
        while not self._stop.wait(WATCH_EVERY):
            one.look()


class _BrokerWatch:
    """What is known of one broker's bridge ends."""

    def __init__(self, name: str, ends: _Ends, power: Power, clock: Clock, recorder: Recorder) -> None:
        self._name, self._ends, self._power, self._clock, self._recorder = name, ends, power, clock, recorder
        self._known: Mapping[tuple[str, str], BridgeSeen] = {}
        self._silent = False
        self._one = threading.Lock()  # a step may look while the thread does

    def look(self) -> None:
        """Record what has changed since the last look."""
        with self._one:
            ends = self._now()
            if ends is None:
                return
            before, now = self._known, {(end.connector, end.remote_address): end for end in ends}
            self._known = now
            for key in before.keys() - now.keys():
                # Counters are of a bridge that is there.
                gone = replace(before[key], t=self._clock.now(), up=False, enqueued=0, dequeued=0, received=0)
                self._recorder.record(gone)
            for key in now.keys() - before.keys():
                self._recorder.record(now[key])

    def _now(self) -> Sequence[BridgeSeen] | None:
        """Give the ends that are there; None where they are as they were last seen."""
        if self._power.state(self._name) == DOWN:
            return ()
        if self._power.state(self._name) == PAUSED:
            return None  # nothing of it has gone, and asking would only take time
        try:
            ends = self._ends(self._name)
        except BrokerError:
            return self._unanswered()
        self._silent = False
        return ends

    def _unanswered(self) -> Sequence[BridgeSeen] | None:
        state = self._power.state(self._name)
        if state in (STOPPING, DOWN, STARTING):
            return ()
        if state == PAUSED:
            return None
        if (how := self._power.ended(self._name)) is not None:
            self._trouble(f"it has ended by itself: {how}")
            return ()
        # What does not answer is not gone: its last state stands, and the history says so.
        if not self._silent:
            self._trouble("its management does not answer: its bridges are as they were last seen")
        self._silent = True
        return None

    def _trouble(self, what: str) -> None:
        self._recorder.record(Trouble(t=self._clock.now(), who=f"broker {self._name}", what=what))
