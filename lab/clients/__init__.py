"""Clients of a broker: `connect` makes one for a protocol, and imports its library only then."""

from __future__ import annotations

from lab.clients.base import Endpoint
from lab.errors import PlanError
from lab.runtime.base import ORDINARY, Client, ClientEvents, Session

__all__ = ["PROTOCOLS", "Endpoint", "connect"]

PROTOCOLS = ("mqtt", "stomp", "amqp")


def connect(protocol: str, endpoint: Endpoint, events: ClientEvents, session: Session = ORDINARY) -> Client:
    """Connect and log in; BrokerError if the broker refuses, LabTimeout if it is silent."""
    if protocol == "mqtt":
        from lab.clients.mqtt import MqttClient

        return MqttClient(endpoint, events, session)
    if protocol == "stomp":
        from lab.clients.stomp import StompClient

        return StompClient(endpoint, events)
    if protocol == "amqp":
        from lab.clients.amqp import AmqpClient

        return AmqpClient(endpoint, events)
    raise PlanError(f"no client speaks {protocol!r}", f"there are {', '.join(PROTOCOLS)}")
