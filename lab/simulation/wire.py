"""The network side of one broker process: its ports, the listeners on them, and its network connectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain

from lab.activemq.forwarding.settings import release_rules
from lab.activemq.protocols import ENDPOINTS, OPENWIRE, Port
from lab.amazonmq.configurations.configuration import read
from lab.errors import BrokerError
from lab.history import BridgeSeen
from lab.plan.forwarding import connector_forwarding
from lab.plan.values import InstancePlan, Plan
from lab.simulation.bridge.bridge import Bridge
from lab.simulation.bridge.connector import Connector
from lab.simulation.bridge.host import Host
from lab.simulation.bridge.responder import Responder
from lab.simulation.bridge.settings import BUFFER, settings
from lab.simulation.broker.broker import Broker, Log
from lab.simulation.chance import fixed, generator
from lab.simulation.kernel import MILLISECOND
from lab.simulation.protocols.session import Sessions
from lab.simulation.tcp.connection import Connection, Peer, SilentPeer
from lab.simulation.tcp.fabric import Fabric

# Within which a connector begins to connect once its broker has started. Real ones began at once and were up 0.58 s
# after "started" (bench/README.md), of which the way is 0.32 s and `first` 0.17 s: what is left is classes
# that are loaded.
_PHASE = 170 * MILLISECOND


class Wire:
    """All connections of a broker process."""

    def __init__(
        self,
        broker: Broker,
        instance: InstancePlan,
        fabric: Fabric,
        plan: Plan,
        *,
        seed: int,
        log: Log,
        changed: Callable[[], None],
        ports: Sequence[Port] = ENDPOINTS,
    ) -> None:
        self._broker, self._instance, self._fabric, self._ports = broker, instance, fabric, ports
        own = plan.broker(broker.name)
        address = partial(fabric.address, seen_by=instance.name)
        self._mark = instance.number if len(own.instances) > 1 else 0
        self._host = Host(
            broker=broker,
            instance=instance.name,
            log=log,
            changed=changed,
            address=address,
            replace_duplicate=self._replace_duplicate,
            sync_counts_ttl=release_rules(own.activemq_version).sync_counts_ttl,
            dice=generator(seed, f"advisories to {instance.name}, start {broker.store.processes}"),
        )
        self._sessions = Sessions(broker, broker.process, log, address)
        self._responders: dict[Responder, None] = {}
        self.connectors = {
            each.name: Connector(
                self._host,
                fabric,
                settings(each, connector_forwarding(each, own.activemq_version, own.engine_version), broker.password),
                fabric.names,
                self._phase(each.name, seed),
            )
            for each in read(own.saved.encode(), own.configuration_file).connectors
        }

    def open(self) -> None:
        """Listen on every port, then start the network connectors."""
        for port in self._ports:
            buffers = (BUFFER, BUFFER) if port.transport and not port.over else None
            self._fabric.listen(self._instance.name, port.port, partial(self._peer, port), buffers=buffers)
        for connector in self.connectors.values():
            connector.start()

    def stand(self, age: int) -> None:
        """Set periodic timers as if so many more ns had passed."""
        for connector in self.connectors.values():
            connector.stand(age)
        for responder in self._responders:
            responder.wire.stand(age)

    def stop(self) -> None:
        """End all in order, before the broker itself."""
        for connector in self.connectors.values():
            connector.stop()
        self._close()
        for responder in tuple(self._responders):
            responder.stop()
        self._sessions.close()

    def halt(self) -> None:
        """Stop all activity: the process is gone."""
        self._close()
        for connector in self.connectors.values():
            connector.forget()
        for responder in self._responders:
            responder.forget()
        self._sessions.forget()

    def bridges(self) -> tuple[BridgeSeen, ...]:
        """Return the ends of bridges that are up."""
        initiated = chain.from_iterable(each.bridges for each in self.connectors.values())
        answered = (
            (each.bridge, each.address) for each in self._responders if each.bridge is not None and each.bridge.up
        )
        return tuple(self._seen(bridge, address) for bridge, address in chain(initiated, answered))

    def connections(self) -> Mapping[str, int]:
        """Return the number of connections of each transport connector."""
        found = Counter({port.name: 0 for port in self._ports if port.transport})
        found[OPENWIRE.name] = len(self._responders)
        found.update(each.connector for each in self._sessions.open)
        return found

    def change_connector(self, name: str, do: str) -> None:
        """Stop or start a network connector; raise BrokerError if there is none of that name."""
        if name not in self.connectors:
            raise BrokerError(f"broker {self._broker.name} has no network connector {name}")
        if do == "stop":
            self.connectors[name].stop()
        else:
            self.connectors[name].start()

    def _peer(self, port: Port, connection: Connection) -> Peer:
        """Return the broker's end of a connection to a port: a protocol is loaded when a client speaks it first."""
        if not port.transport:
            return SilentPeer()  # what a console shows is read elsewhere
        if not port.over:
            return Responder(self._host, connection, self._responders)
        return _SIDES["wss" if len(port.over) > 1 else port.over[0]](self._sessions, connection, port.name)

    def _seen(self, bridge: Bridge, address: str) -> BridgeSeen:
        return BridgeSeen(
            t=self._broker.process.now / 1e9,
            connector=bridge.settings.name,
            broker=self._broker.name,
            remote=bridge.remote_name,
            remote_address=address,
            created_by_duplex=bridge.by_duplex,
            up=True,
            enqueued=bridge.enqueued,
            dequeued=bridge.dequeued,
            received=bridge.received,
            instance=self._mark,
        )

    def _phase(self, connector: str, seed: int) -> int:
        """Return the ns until a connector begins: by chance where its broker comes back, after a fault or a reboot.

        While a lab opens, chance would only move events before the first step.
        """
        starts = self._broker.store.processes
        source = f"connector {connector} of {self._instance.name}, start {starts}"
        return (generator(seed, source) if starts > 1 else fixed(source)).randrange(_PHASE)

    def _close(self) -> None:
        for port in self._ports:
            self._fabric.close(self._instance.name, port.port)

    def _replace_duplicate(self, local_id: str) -> None:
        for each in self.connectors.values():
            if each.remove(local_id):
                return


def _mqtt(sessions: Sessions, connection: Connection, connector: str) -> Peer:
    from lab.simulation.protocols.mqtt import MqttSide

    return MqttSide(sessions, connection, connector)


def _stomp(sessions: Sessions, connection: Connection, connector: str) -> Peer:
    from lab.simulation.protocols.stomp import StompSide

    return StompSide(sessions, connection, connector)


def _amqp(sessions: Sessions, connection: Connection, connector: str) -> Peer:
    from lab.simulation.protocols.amqp import AmqpSide

    return AmqpSide(sessions, connection, connector)


def _web_socket(sessions: Sessions, connection: Connection, connector: str) -> Peer:
    from lab.simulation.protocols.web_socket import WebSocketDoor

    return WebSocketDoor(sessions, connection, connector)


_SIDES = {"mqtt": _mqtt, "stomp": _stomp, "amqp": _amqp, "wss": _web_socket}  # by protocol; a port's row names its own
