"""The watch over brokers during a replay: bridge ends that come or go, and demand; one thread for each broker.

A broker that hangs holds up its own watch alone.
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
from lab.runtime.lab import Failed
from lab.runtime.messages import Destination

WATCH_EVERY = 0.5  # seconds between two looks at a broker's bridges


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The functions that read a broker's state, by its name; they raise BrokerError if it does not answer."""

    ends: Callable[[str], Sequence[BridgeSeen]]
    demands: Callable[[str, Sequence[Destination]], Sequence[bool]]  # for each destination, whether there is demand


class BridgeWatch:
    """Records every bridge end when it begins, each change from then on, and the demand at each look."""

    def __init__(
        self,
        demand: Mapping[str, Sequence[Destination]],  # for every broker, the destinations whose demand is recorded
        looks: Looks,
        actives: Actives,
        power: Power,
        clock: Clock,
        recorder: Recorder,
        failed: Failed,  # is told of an error that ends the watch over a broker
    ) -> None:
        self._failed = failed
        self._of = {
            name: _BrokerWatch(name, wanted, looks, actives, power, clock, recorder) for name, wanted in demand.items()
        }
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self, pool: Executor) -> None:
        """Look at every broker once, then go on in the background."""
        list(pool.map(lambda one: one.look(), self._of.values()))
        for name, one in self._of.items():
            thread = threading.Thread(target=self._watch, args=(one,), name=f"mqlab-watch-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def set_demand(self, demand: Mapping[str, Sequence[Destination]]) -> None:
        """Replace the destinations whose demand is recorded, for each broker named."""
        for name, wanted in demand.items():
            self._of[name].demand = wanted

    def look(self, broker: str) -> None:
        """Look at one broker at once, after a change of it."""
        self._of[broker].look()

    def end(self) -> None:
        """Stop recording: nothing is recorded after this returns."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _watch(self, one: _BrokerWatch) -> None:
        try:
            while not self._stop.wait(WATCH_EVERY):
                one.look()
        except Exception as error:  # noqa: BLE001 (of whatever kind: nobody watches the broker from here on)
            self._failed(error)


class _BrokerWatch:
    """The watch over one broker: the bridge ends last seen, and its active instance."""

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
        self._lock = threading.Lock()  # a step may look while the thread does

    def look(self) -> None:
        """Record what has changed since the last look."""
        with self._lock:
            ends = self._now()
            if ends is None:
                return
            before, now = self._known, {(end.connector, end.remote_address): end for end in ends}
            self._known = now
            for key in before.keys() - now.keys():
                # A bridge that is gone has no counters.
                gone = before[key].with_fields(t=self._clock.now(), up=False, enqueued=0, dequeued=0, received=0)
                self._recorder.record(gone)
            for key in now.keys() - before.keys():
                self._recorder.record(now[key])
            self._look_for_demand()

    def _look_for_demand(self) -> None:
        wanted = self.demand  # another thread may replace it meanwhile
        if not wanted:
            return
        try:
            found = self._looks.demands(self._name, wanted)
        except BrokerError:
            if self._power.state(self._actives.last(self._name)) not in (STOPPING, STARTING, *OUT):
                return  # unknown: what was last seen stands
            found = [False] * len(wanted)
        t = self._clock.now()
        for destination, present in zip(wanted, found, strict=True):
            self._recorder.record(Demand(t=t, broker=self._name, destination=str(destination), present=present))

    def _now(self) -> Sequence[BridgeSeen] | None:
        """Return the ends that there are; None if those last seen stand."""
        state = self._power.state(self._instance())
        if state in OUT:
            return ()
        if state == PAUSED:
            return None  # its bridges are still there, and a request would only time out
        try:
            ends = self._looks.ends(self._name)
        except BrokerError:
            return self._unanswered()
        self._silent = False
        return ends

    def _instance(self) -> InstanceState:
        """Return the active instance, or the last one if none is active; record a change of it."""
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
        # A broker that does not answer is not gone: its last state stands, and the history says so.
        if not self._silent:
            self._trouble("its management does not answer: its bridges are as they were last seen")
        self._silent = True
        return None

    def _trouble(self, what: str) -> None:
        self._recorder.record(Trouble(t=self._clock.now(), who=f"broker {self._name}", what=what))
