"""The watch over brokers during a replay: bridge ends that come or go, and demand; one thread for each broker.

It polls now and then, and at once when a broker's log shows a change. A broker that hangs delays only its own watch,
and the history records since when it was not seen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

from lab.activemq.log_lines import STARTED
from lab.base.dataclass import dataclass
from lab.emulation.brokers.active_instances import Actives
from lab.emulation.brokers.power import Power
from lab.emulation.engine.engine import ENGINE_TROUBLE
from lab.emulation.state import InstanceState
from lab.emulation.watch.look_times import LookTimes
from lab.errors import BrokerError, HostError
from lab.history import BridgeSeen, BrokerChanged, Demand, LogLine, Recorder, SightChanged, Trouble
from lab.runtime.clock import Clock
from lab.runtime.lab import Failed
from lab.runtime.messages import Destination
from lab.runtime.status import OUT, PAUSED, STARTING, STOPPING

# Names of lines after which a broker lists another end, or lists its ends at all: it registers the MBean of one that
# has come, and removes that of one that has gone, just before it logs that.
_TELL_OF_A_CHANGE = frozenset(["bridge-started", "bridge-answered", "bridge-stopped", STARTED])


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
        self._failed, self._clock = failed, clock
        self._watches = {
            name: _BrokerWatch(name, wanted, looks, actives, power, clock, recorder) for name, wanted in demand.items()
        }
        self._began = clock.now()
        self._ended = False
        self._threads: list[threading.Thread] = []

    def begin(self, pool: Executor) -> None:
        """Look at every broker once, then continue in the background."""
        list(pool.map(lambda one: one.look(), self._watches.values()))
        for name, one in self._watches.items():
            thread = threading.Thread(target=self._watch, args=(one,), name=f"mqlab-watch-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def set_demand(self, demand: Mapping[str, Sequence[Destination]]) -> None:
        """Replace the destinations whose demand is recorded, for each broker named."""
        for name, wanted in demand.items():
            self._watches[name].demand = wanted

    def look(self, broker: str) -> None:
        """Look at one broker at once, after it has changed."""
        self._watches[broker].look()

    def hear(self, line: LogLine) -> None:
        """Poll a broker soon if a line of its log reports a change; returns at once."""
        if line.name in _TELL_OF_A_CHANGE and not line.trace and line.t >= self._began:
            self._watches[line.broker].called.set()

    def end(self) -> None:
        """Stop recording, after a last look: nothing is recorded after this returns."""
        self._ended = True
        for one in self._watches.values():
            one.called.set()
        for thread in self._threads:
            thread.join()

    def _watch(self, one: _BrokerWatch) -> None:
        times = LookTimes(self._clock.now())
        try:
            while not self._ended:
                now = self._clock.now()
                if (left := times.due() - now) <= 0:
                    times.looked(now, changed=one.look())
                elif one.called.wait(left):
                    one.called.clear()
                    times.hear(self._clock.now())
            one.look_once_more()
        except Exception as error:  # noqa: BLE001 (of whatever kind: the broker is not watched from here on)
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
        self._seen_at = clock.now()  # when the last look began that read all of it
        self._lost = False
        self._ended_alone = False
        self._active: InstanceState | None = None  # of a pair, as last seen
        self._lock = threading.Lock()  # a step may look while the thread does
        self.called = threading.Event()  # its thread is to see whether to look, or to end

    def look(self) -> bool:
        """Record the changes since the last poll, and whether the broker answered.

        Return whether an end has come or gone.
        """
        try:
            return self._look()
        except BaseException as error:
            self._lose_sight(f"its watch failed: {type(error).__name__}: {error}")
            raise

    def look_once_more(self) -> None:
        """Poll once as a watch ends, for a complete record; a broker that did not answer before is not polled."""
        if not self._lost:
            self.look()

    def _look(self) -> bool:
        with self._lock:
            began = self._clock.now()
            ends = self._now()
            if isinstance(ends, str):
                self._lose_sight(ends)
                return False
            before, now = self._known, {(end.connector, end.remote_address): end for end in ends}
            self._known = now
            for key in before.keys() - now.keys():
                # A bridge that is gone has no counters.
                gone = before[key].with_fields(t=self._clock.now(), up=False, enqueued=0, dequeued=0, received=0)
                self._recorder.record(gone.with_fields(last_look=self._seen_at))
            for key in now.keys() - before.keys():
                self._recorder.record(now[key].with_fields(last_look=self._seen_at))
            changed = before.keys() != now.keys()
            if why := self._look_for_demand():
                self._lose_sight(why)
                return changed
            self._seen_at = began
            if self._lost:
                self._lost = False
                self._record_sight("regained", self._clock.now())
            return changed

    def _lose_sight(self, why: str) -> None:
        """Record, once, that the broker's last recorded state may have changed."""
        if not self._lost:
            self._lost = True
            self._record_sight("lost", self._seen_at, why)

    def _record_sight(self, state: str, since: float, why: str = "") -> None:
        t = self._clock.now()
        seen = SightChanged(t=t, broker=self._name, of="management", state=state, since=since, why=why)
        self._recorder.record(seen)

    def _look_for_demand(self) -> str:
        """Record the demand and return ""; return the reason if the broker does not answer."""
        wanted = self.demand  # another thread may replace it meanwhile
        if not wanted:
            return ""
        try:
            found = self._looks.demands(self._name, wanted)
        except BrokerError as error:
            if self._power.state(self._actives.last(self._name)) not in (STOPPING, STARTING, *OUT):
                return str(error)
            found = [False] * len(wanted)
        t = self._clock.now()
        for destination, present in zip(wanted, found, strict=True):
            seen = Demand(t=t, broker=self._name, destination=str(destination), present=present)
            self._recorder.record(seen.with_fields(last_look=self._seen_at))
        return ""

    def _now(self) -> Sequence[BridgeSeen] | str:
        """Return the current ends, or the reason why they cannot be determined."""
        try:
            its = self._instance()
            if self._ended_alone and self._runs_again(its):
                self._ended_alone = False
                self._trouble("it runs again, and the lab did not start it")
            state = self._power.state(its)
            if state in OUT:
                return ()
            if state == PAUSED:
                return "it is paused"  # a request would only time out
            ends = self._looks.ends(self._name)
        except BrokerError as error:
            return self._unanswered(str(error))
        self._power.mark_answering(its)
        return ends

    def _instance(self) -> InstanceState:
        """Return the active instance, or the last one if none is active; record a change of it."""
        its = self._actives.find(self._name) or self._actives.last(self._name)
        if self._active is not None and its.name != self._active.name:
            t = self._actives.seen(self._name)  # a step may have seen it before this look
            self._recorder.record(BrokerChanged(t=t, broker=self._name, state="active", instance=its.mark))
        self._active = its
        return its

    def _unanswered(self, why: str) -> Sequence[BridgeSeen] | str:
        """Return no ends if the broker certainly does not run, or the reason why they cannot be determined."""
        its = self._actives.last(self._name)
        state = self._power.state(its)
        if state in (STOPPING, STARTING, *OUT):
            return ()
        if state == PAUSED:
            return "it is paused"
        try:
            how = self._power.ended(its)
        except ENGINE_TROUBLE as error:
            return f"{why}; nor does the engine answer: {error}"
        if how is None:
            return why
        self._ended_alone = True
        self._trouble(f"it has ended by itself: {how}")
        return ()

    def _runs_again(self, instance: InstanceState) -> bool:
        try:
            return self._power.runs_again(instance)
        except (HostError, *ENGINE_TROUBLE):
            return False  # its container has gone, or the engine: then it is not known to run

    def _trouble(self, problem: str) -> None:
        self._recorder.record(Trouble(t=self._clock.now(), who=f"broker {self._name}", what=problem))
