"""The brokers' management of a simulated lab: their counters, bridges and connectors, read from the models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lab.activemq.bridge_logins import INBOUND, OUTBOUND
from lab.history import BridgeSeen, ConnectorChanged, Counted, DestinationSeen, SnapshotTaken
from lab.plan.values import BridgePlan
from lab.runtime.lab import Silent
from lab.runtime.messages import Destination
from lab.simulation import broker_counters
from lab.simulation.broker_process import BrokerProcess
from lab.simulation.instances import Instances
from lab.simulation.kernel import Kernel


class Management:
    """The management of all brokers of one lab."""

    def __init__(
        self,
        kernel: Kernel,
        instances: Instances,
        processes: Mapping[str, BrokerProcess],  # instance → its process
        changed: Callable[[str], None],  # is called with a broker that an operation has changed
    ) -> None:
        self._now = kernel.tick  # as the lab's clock: each reading takes a µs
        self._instances, self._processes, self._changed = instances, processes, changed

    def demand(self, broker: str, destination: Destination, towards: str | None = None) -> bool:
        """Return whether a bridge (`towards` a broker, if given) has a consumer on the destination."""
        return self._answering(broker).broker.demand(str(destination), towards)

    def has_demand(self, broker: str, destination: Destination) -> bool:
        """Return whether a bridge has a consumer on the destination; False if the broker does not run."""
        return self._instances.answering(broker) is not None and self.demand(broker, destination)

    def ends(self, broker: str) -> Sequence[BridgeSeen]:
        """Return the bridge ends that a broker lists; none if it does not run."""
        if self._instances.answering(broker) is None or (wire := self._answering(broker).wire) is None:
            return ()
        return wire.bridges()

    def bridges(self) -> Sequence[BridgeSeen]:
        """Return every bridge end."""
        return tuple(end for broker in self._instances.brokers for end in self.ends(broker))

    def bridge_is_up(self, bridge: BridgePlan) -> bool:
        """Return whether both ends list a bridge, and each has accepted the other's subscription to advisories."""
        here, there, name = bridge.initiator, bridge.responder, bridge.connector
        if self._instances.answering(here) is None or self._instances.answering(there) is None:
            return False
        seen = {(e.broker, e.created_by_duplex) for at in (here, there) for e in self.ends(at) if e.connector == name}
        if not {(here, False), *([(there, True)] if bridge.duplex else [])} <= seen:
            return False
        at_responder = (name, here, INBOUND, there) if bridge.duplex else (name, here, OUTBOUND)
        return self._answering(there).broker.follows(*at_responder) and (
            not bridge.duplex or self._answering(here).broker.follows(name, there, INBOUND, here)
        )

    def change_connector(self, broker: str, connector: str, do: str) -> ConnectorChanged:
        """Stop or start a network connector."""
        wire = self._answering(broker).wire
        assert wire is not None  # it answers
        wire.change_connector(connector, do)
        self._changed(broker)
        state = {"stop": "stopped", "start": "started"}[do]
        return ConnectorChanged(t=self._now(), broker=broker, connector=connector, state=state)

    def purge(self, brokers: Sequence[str]) -> None:
        """Remove the brokers' messages, and the subscriptions that kept them."""
        for broker in brokers:
            self._answering(broker).broker.purge()

    def destinations(self, named: Sequence[tuple[str, Destination]]) -> Sequence[DestinationSeen]:
        """Return the counters of the named destinations; a broker that is down has none."""
        return tuple(
            seen
            for broker in dict.fromkeys(name for name, _ in named)
            if self._instances.answering(broker) is not None
            for seen in self._answering(broker).broker.destinations_seen(
                self._now(), [str(destination) for name, destination in named if name == broker]
            )
        )

    def snapshot(self, name: str) -> Sequence[Counted | SnapshotTaken]:
        """Return the counters of all brokers at one moment."""
        t = self._now()
        return tuple(
            seen
            for broker in self._instances.brokers
            for seen in (
                broker_counters.silent(name, broker, t)
                if self._instances.answering(broker) is None
                else broker_counters.read(name, broker, self._answering(broker), t)
            )
        )

    def _answering(self, broker: str) -> BrokerProcess:
        its = self._instances.answering(broker)
        if its is None:
            raise Silent(f"broker {broker} does not run, or is frozen: its management does not answer")
        return self._processes[its.name]
