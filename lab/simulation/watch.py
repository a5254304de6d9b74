"""The watch over simulated brokers: every change is recorded at its moment, without polls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from lab.history import BridgeSeen, BrokerChanged, Demand, Recorder, SightChanged
from lab.runtime.messages import Destination
from lab.runtime.status import PAUSED
from lab.simulation.instances import Instances
from lab.simulation.kernel import SECOND, Kernel
from lab.simulation.logs import InstanceLog

_STEADY = SECOND + SECOND // 1000  # ns after which a step may take a bridge that has not changed for steady


class Watched(Protocol):
    """The state of brokers as the watch polls it; no state for a broker that does not run."""

    def ends(self, broker: str) -> Sequence[BridgeSeen]:
        """Return the ends of bridges that a broker lists now."""
        ...

    def has_demand(self, broker: str, destination: Destination) -> bool:
        """Return whether a bridge's consumer is on a destination."""
        ...


class Watch:
    """Records bridge ends, demand, active instances and log lines, until it is ended."""

    def __init__(
        self,
        kernel: Kernel,
        instances: Instances,
        logs: Sequence[InstanceLog],
        watched: Watched,
        recorder: Recorder,
        demand: Mapping[str, Sequence[Destination]],  # for every broker
        since: float | None,
    ) -> None:
        self._kernel, self._instances, self._logs, self._watched = kernel, instances, logs, watched
        self._record = recorder.record
        self._ends: dict[str, dict[tuple[str, str], BridgeSeen]] = {name: {} for name in instances.brokers}
        self._demand: dict[str, dict[str, bool | None]] = {}
        self._active = {name: instances.holder(name) or instances.last[name] for name in instances.brokers}
        self._lost: set[str] = set()
        self.set_demand(demand)
        for name in instances.brokers:
            self.look(name)
        for log in logs:
            log.follow(self._record, since)

    def add(self, broker: str) -> None:
        """Watch a further broker."""
        instances = self._instances.brokers[broker]
        self._ends[broker], self._active[broker] = {}, instances[0]
        self._lost.discard(broker)
        for each in instances:
            each.log.follow(self._record, None)
        self._logs = (*self._logs, *(each.log for each in instances))

    @property
    def _now(self) -> float:
        return self._kernel.now / SECOND

    def set_demand(self, demand: Mapping[str, Sequence[Destination]]) -> None:
        """Replace the destinations whose demand is recorded."""
        earlier = self._demand
        self._demand = {
            name: {str(each): earlier.get(name, {}).get(str(each)) for each in wanted}
            for name, wanted in demand.items()
        }
        for name in self._demand:
            self.look_for_demand(name)

    def look(self, broker: str) -> None:
        """Record the changes of a broker."""
        if self._sight(broker):
            self._look_for_ends(broker)
            self.look_for_demand(broker)

    def _sight(self, broker: str) -> bool:
        """Return whether a broker can be seen; record when that changes."""
        holder = self._instances.holder(broker)
        if holder is not None and holder is not self._active[broker]:
            self._active[broker] = holder
            self._record(BrokerChanged(t=self._now, broker=broker, state="active", instance=holder.mark))
        frozen = self._active[broker].state == PAUSED
        if frozen != (broker in self._lost):
            (self._lost.add if frozen else self._lost.discard)(broker)
            state, why = ("lost", "it is paused") if frozen else ("regained", "")
            t = self._now
            self._record(SightChanged(t=t, broker=broker, of="management", state=state, since=t, why=why))
        return not frozen

    def _look_for_ends(self, broker: str) -> None:
        before = self._ends[broker]
        now = {(end.connector, end.remote_address): end for end in self._watched.ends(broker)}
        self._ends[broker] = now
        if before.keys() != now.keys():
            self._kernel.after(_STEADY, self._kernel.notify)
        for key, end in before.items():
            if key not in now:
                self._record(end.with_fields(t=self._now, up=False, enqueued=0, dequeued=0, received=0))
        for key, end in now.items():
            if key not in before:
                self._record(end)

    def look_for_demand(self, broker: str) -> None:
        """Record changes of the demand for a broker's destinations."""
        if broker in self._lost:
            return
        for name, before in self._demand.get(broker, {}).items():
            present = self._watched.has_demand(broker, Destination.of(name))
            if present is not before:
                self._demand[broker][name] = present
                self._record(Demand(t=self._now, broker=broker, destination=name, present=present))

    def end(self) -> None:
        """Record the lines that logs held back, then no more."""
        for log in self._logs:
            log.unfollow()
