"""Watching the brokers while a replay runs: each bridge end that comes or goes, and demand; one thread for each broker.

A broker that hangs holds up nobody's watch but its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from lab.emulation.brokers.actives import Actives
from lab.emulation.brokers.power import OUT, PAUSED, STARTING, STOPPING, Power
from lab.emulation.state import InstanceState
from lab.errors import BrokerError
from lab.history import BridgeSeen, BrokerChanged, Demand, Recorder, Trouble
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination

WATCH_EVERY = 0.5  # seconds between two looks at a broker's bridges


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How to look at a broker; BrokerError where it does not answer."""

    ends: Callable[[str], Sequence[BridgeSeen]]
    demands: Callable[[str, Sequence[Destination]], Sequence[bool]]  # for each destination, whether it is there


class BridgeWatch:
    """Records every bridge end there is when it begins, each change from then on, and each look at a demand."""

    def __init__(
        self,
        demand: Mapping[str, Sequence[Destination]],  # what is looked at, for every broker
        looks: Looks,
        actives: Actives,
        power: Power,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        self._of = {
            name: _BrokerWatch(name, wanted, looks, actives, power, clock, recorder) for name, wanted in demand.items()
        }
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self, pool: Executor) -> None:
        """Look once, then go on in the background."""
        list(pool.map(lambda one: one.look(), self._of.values()))
        for name, one in self._of.items():
            thread = threading.Thread(target=self._watch, args=(one,), name=f"mqlab-watch-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def want(self, demand: Mapping[str, Sequence[Destination]]) -> None:
        """Look for this demand from now on."""
        for name, wanted in demand.items():
            self._of[name].demand = wanted

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

    def __init__(
        self,
        name: str,
        demand: Sequence[Destination],
        looks: Looks,
        actives: Actives,
        power: Power,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        self._name, self.demand, self._looks = name, demand, looks
        self._actives, self._power, self._clock, self._recorder = actives, power, clock, recorder
        self._known: Mapping[tuple[str, str], BridgeSeen] = {}
        self._silent = False
        self._active: InstanceState | None = None  # of a pair, as last seen
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
                gone = before[key].with_fields(t=self._clock.now(), up=False, enqueued=0, dequeued=0, received=0)
                self._recorder.record(gone)
            for key in now.keys() - before.keys():
                self._recorder.record(now[key])
            self._look_for_demand()

    def _look_for_demand(self) -> None:
        wanted = self.demand  # others may want more meanwhile
        if not wanted:
            return
        try:
            found = self._looks.demands(self._name, wanted)
        except BrokerError:
            if self._power.state(self._actives.last(self._name)) not in (STOPPING, STARTING, *OUT):
                return  # nobody knows: what was last seen stands
            found = [False] * len(wanted)
        t = self._clock.now()
        for destination, present in zip(wanted, found, strict=True):
            self._recorder.record(Demand(t=t, broker=self._name, destination=str(destination), present=present))

    def _now(self) -> Sequence[BridgeSeen] | None:
        """Return the ends that are there; None where they are as they were last seen."""
        state = self._power.state(self._instance())
        if state in OUT:
            return ()
        if state == PAUSED:
            return None  # nothing of it has gone, and asking would only take time
        try:
            ends = self._looks.ends(self._name)
        except BrokerError:
            return self._unanswered()
        self._silent = False
        return ends

    def _instance(self) -> InstanceState:
        """Return the active instance, or where there is none the one that was it last; another one is told of."""
        its = self._actives.find(self._name) or self._actives.last(self._name)
        if self._active is not None and its.name != self._active.name:
            t = self._clock.now()
            self._recorder.record(BrokerChanged(t=t, broker=self._name, state="active", instance=its.mark))
        self._active = its
        return its

    def _unanswered(self) -> Sequence[BridgeSeen] | None:
        its = self._instance()
        state = self._power.state(its)
        if state in (STOPPING, STARTING, *OUT):
            return ()
        if state == PAUSED:
            return None
        if (how := self._power.ended(its)) is not None:
            self._trouble(f"it has ended by itself: {how}")
            return ()
        # What does not answer is not gone: its last state stands, and the history says so.
        if not self._silent:
            self._trouble("its management does not answer: its bridges are as they were last seen")
        self._silent = True
        return None

    def _trouble(self, what: str) -> None:
        self._recorder.record(Trouble(t=self._clock.now(), who=f"broker {self._name}", what=what))
