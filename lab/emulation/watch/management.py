"""The brokers' management: queries and operations, each through the broker's active instance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from lab.activemq.bridge_logins import INBOUND
from lab.amazonmq.files.broker_files import JOLOKIA_USER
from lab.emulation.brokers.active_instances import Actives
from lab.emulation.brokers.power import Power
from lab.emulation.state import InstanceState, LabState
from lab.emulation.watch import broker_counters, mbeans
from lab.emulation.watch.jolokia import Jolokia
from lab.emulation.watch.observer_answers import Answer, parse
from lab.errors import BrokerError
from lab.history import BridgeSeen, ConnectorChanged, Counted, DestinationSeen, SnapshotTaken
from lab.plan.values import BridgePlan
from lab.runtime.clock import Clock
from lab.runtime.lab import Down, Silent
from lab.runtime.messages import Destination
from lab.runtime.status import PAUSED, STARTING, STOPPING


class Management:
    """The management of all brokers of a lab; several brokers are queried at once."""

    def __init__(
        self, state: LabState, power: Power, clock: Clock, planned: Callable[[], Sequence[BridgePlan]]
    ) -> None:
        self._brokers, self._power, self._clock, self._planned = state.brokers, power, clock, planned
        self.reached_at = state.reached_at
        self._clients = {
            its.name: Jolokia(name, state.reached_at, its.management_port, JOLOKIA_USER, broker.management_password)
            for name, broker in state.brokers.items()
            for its in broker.instances
        }
        self.actives = Actives(state.brokers, power, self._has_started, clock.now)
        self.pool = ThreadPoolExecutor(max_workers=max(4, 2 * len(state.brokers)), thread_name_prefix="mqlab-look")

    def version(self, broker: str) -> str | None:
        """Return the ActiveMQ version of a broker; None if it has not started."""
        its = self.actives.find(broker)
        return None if its is None else started_version(self._clients[its.name])

    def is_ready(self, instance: InstanceState) -> bool:
        """Return whether an instance has started, or waits for its store's lock, which another one has."""
        if self._has_started(instance):
            return True
        holder = self.actives.holder(instance.broker)
        return holder is not None and holder.name != instance.name and is_slave(self._clients[instance.name])

    def active(self, broker: str) -> int | None:
        """Return the number of the active instance; a frozen one counts, since it keeps its store's lock."""
        its = self.actives.holder(broker)
        return None if its is None else its.number

    def change_connector(self, broker: str, connector: str, do: str) -> ConnectorChanged:
        """Run the operation of a network connector's MBean, which returns when it is done."""
        self._client(broker).execute(mbeans.connector(broker, connector), do)
        state = {"stop": "stopped", "start": "started"}[do]
        return ConnectorChanged(t=self._clock.now(), broker=broker, connector=connector, state=state)

    def observed(self, instance: InstanceState, started: str, after: int) -> Answer | None:
        """Return the events of an observer's process after a number; it forgets earlier ones. None: no observer.

        Raise Silent if it does not answer, and Down if it has no process. A stopping process still has its last events.
        """
        if not self._power.may_answer(instance) and (state := self._power.state(instance)) != STOPPING:
            silent = Silent if state == PAUSED else Down
            raise silent(f"{instance.name} is {state}: its observer does not answer")
        operation = (mbeans.observer(instance.broker), "take", (started, after))
        try:
            (text,) = self._clients[instance.name].execute_all([operation], gone=True)
        except Silent as silent:
            if self._power.state(instance) == STARTING:
                raise Down(silent.what) from silent
            raise
        return None if text is None else parse(instance.broker, text)

    def purge(self, brokers: Sequence[str]) -> None:
        """Empty queues, end durable subscriptions that no client has, remove topics without consumers."""
        for _ in self.pool.map(self._purge, brokers):
            pass

    def demand(self, broker: str, destination: Destination, towards: str | None = None) -> bool:
        """Return whether a bridge (`towards` a broker, if given) has a consumer on a destination."""
        (present,) = self.demands(broker, (destination,), towards)
        return present

    def demands(self, broker: str, destinations: Sequence[Destination], towards: str | None = None) -> tuple[bool, ...]:
        """Return for each destination whether a bridge's consumer is on it; raise Silent if there is no answer.

        With `towards`, only one of a bridge to that broker counts.
        """
        (consumers,) = self._client(broker).read(mbeans.subscriptions(broker))
        logins = None
        if towards is not None:
            connectors = {
                each.connector for each in self._planned() if {each.initiator, each.responder} == {broker, towards}
            }
            logins = [(each, towards, INBOUND, broker) for each in connectors]
        return tuple(mbeans.demands(consumers, destination, logins) for destination in destinations)

    def bridges(self) -> Sequence[BridgeSeen]:
        """Return every bridge end that the brokers list now; a broker that is down lists none."""
        ends = self.pool.map(self._bridges_of, self._brokers)
        return tuple(end for of_broker in ends for end in of_broker)

    def ends(self, broker: str) -> tuple[BridgeSeen, ...]:
        """Return a broker's ends of its bridges; raise Silent if it does not answer."""
        its = self._active(broker)
        found, connections = self._clients[its.name].read(mbeans.bridges(broker), mbeans.connections(broker))
        ends = mbeans.read_bridges(broker, found, connections, self._planned(), self._clock.now())
        return tuple(end.with_fields(instance=its.mark) for end in ends) if its.mark else ends

    def bridge_is_up(self, bridge: BridgePlan) -> bool:
        """Return whether a bridge works: its ends list it, and the responder accepted its login."""
        look = partial(self._ends_and_consumers, bridge)
        try:
            (ends_here, here), (ends_there, there) = self.pool.map(look, (bridge.initiator, bridge.responder))
        except BrokerError:
            return False
        seen = {(end.broker, end.created_by_duplex) for end in (*ends_here, *ends_there)}
        wanted = {(bridge.initiator, False), *([(bridge.responder, True)] if bridge.duplex else [])}
        return wanted <= seen and mbeans.listens_for_demand(bridge, here, there)

    def destinations(self, named: Sequence[tuple[str, Destination]]) -> Sequence[DestinationSeen]:
        """Return the counters of the named destinations; a broker that is down has none."""
        seen: list[DestinationSeen] = []
        for broker in dict.fromkeys(name for name, _ in named):
            try:
                found, consumers = self._client(broker).read(mbeans.destinations(broker), mbeans.subscriptions(broker))
            except Silent:
                continue
            wanted = [destination for name, destination in named if name == broker]
            seen += mbeans.read_destinations(broker, found, consumers, wanted, self._clock.now())
        return tuple(seen)

    def snapshot(self, name: str) -> Sequence[Counted | SnapshotTaken]:
        """Return the counters of all brokers, read with one request for each."""
        parts = self.pool.map(partial(self._snapshot_of, name), self._brokers)
        return tuple(seen for part in parts for seen in part)

    def close(self) -> None:
        """Close the pool and all clients."""
        self.pool.shutdown()
        for each in self._clients.values():
            each.close()

    def _client(self, broker: str) -> Jolokia:
        """Return the management of a broker's active instance."""
        return self._clients[self._active(broker).name]

    def _active(self, broker: str) -> InstanceState:
        """Return a broker's active instance; raise Silent if it is known not to answer, to save the time."""
        its = self.actives.find(broker)
        if its is None:
            raise Silent(f"no instance of broker {broker} is active")
        if not self._power.may_answer(its):
            raise Silent(f"broker {broker} is {self._power.state(its)}: its management does not answer")
        return its

    def _has_started(self, instance: InstanceState) -> bool:
        return started_version(self._clients[instance.name]) is not None

    def _purge(self, broker: str) -> None:
        its, asked = self._client(broker), mbeans.destinations(broker)
        consumers, found = its.read(mbeans.durables(broker), asked)
        if ended := mbeans.endings(broker, consumers):
            its.execute_all(ended, gone=True)
            (found,) = its.read(asked)  # topics, of which they were consumers
        if purged := mbeans.purges(broker, found):
            its.execute_all(purged, gone=True)

    def _bridges_of(self, broker: str) -> tuple[BridgeSeen, ...]:
        try:
            return self.ends(broker)
        except Silent:
            return ()

    def _ends_and_consumers(self, bridge: BridgePlan, broker: str) -> tuple[tuple[BridgeSeen, ...], mbeans.Answer]:
        """Return one broker's ends of a bridge and all its consumers, read with one request to save time."""
        found, connections, consumers = self._client(broker).read(
            mbeans.bridges(broker), mbeans.connections(broker), mbeans.subscriptions(broker)
        )
        ends = mbeans.read_bridges(broker, found, connections, self._planned(), self._clock.now())
        return tuple(end for end in ends if end.connector == bridge.connector), consumers

    def _snapshot_of(self, name: str, broker: str) -> tuple[Counted | SnapshotTaken, ...]:
        try:
            answers = self._client(broker).read(*broker_counters.queries(broker))
        except BrokerError:
            return (broker_counters.silent(name, broker, self._clock.now()),)
        return broker_counters.read(name, broker, answers, self._planned(), self._clock.now())


def started_version(management: Jolokia) -> str | None:
    """Return the ActiveMQ version of a broker that has started, with all its connectors; None if it has not."""
    try:
        (answer,) = management.read(mbeans.broker(management.broker))
    except BrokerError:
        return None
    values = next(iter(answer.values()), {})
    return str(values["BrokerVersion"]) if values.get("Slave") is False else None


def is_slave(management: Jolokia) -> bool:
    """Return whether a broker answers and has not started: it still starts, or waits for its store's lock."""
    try:
        (answer,) = management.read(mbeans.broker(management.broker))
    except BrokerError:
        return False
    return any(values.get("Slave") is True for values in answer.values())
