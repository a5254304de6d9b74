"""Clients of simulated brokers, one for each protocol: `connect` opens one."""

from __future__ import annotations

from lab.runtime.client import Client, ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import ORDINARY, Session
from lab.simulation.clients.base import Access, Target
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
    at = Access(kernel, clock, fabric, target)
    web_socket = over.endswith("-wss")
    if over.startswith("mqtt"):  # each protocol is loaded when it is used
        from lab.simulation.clients import mqtt

        return mqtt.connect(at, events, session, web_socket=web_socket)
    if over.startswith("stomp"):
        from lab.simulation.clients import stomp

        return stomp.connect(at, events, web_socket=web_socket)
    from lab.simulation.clients import amqp

    return amqp.connect(at, events)
