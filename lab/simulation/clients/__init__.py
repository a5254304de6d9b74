"""Clients of simulated brokers, one for each protocol: `connect` opens one."""

from __future__ import annotations

from lab.runtime.client import Client, ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import ORDINARY, Session
from lab.simulation.clients.base import Target
from lab.simulation.kernel import Kernel
from lab.simulation.tcp.fabric import Fabric

__all__ = ["Target", "connect"]


def connect(
    over: str,
    kernel: Kernel,
    clock: Clock,
    fabric: Fabric,
    target: Target,
    events: ClientEvents,
    session: Session = ORDINARY,
) -> Client:
    """Return a client that is connected and logged in; raise BrokerError if refused, LabTimeout without an answer.

    `over` is one of `lab.activemq.protocols.PROTOCOLS`.
    """
    web_socket = over.endswith("-wss")  # each is loaded when it is spoken
    if over.startswith("mqtt"):
        from lab.simulation.clients.mqtt import MqttClient

        return MqttClient(kernel, clock, fabric, target, events, session, web_socket=web_socket)
    if over.startswith("stomp"):
        from lab.simulation.clients.stomp import StompClient

        return StompClient(kernel, clock, fabric, target, events, web_socket=web_socket)
    from lab.simulation.clients.amqp import AmqpClient

    return AmqpClient(kernel, clock, fabric, target, events)
