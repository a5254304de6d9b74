"""A broker's ports, a row each: what listens there, how it is addressed, and over what a client speaks to it.

Transport connectors, published ports, the router's rules, files, pages and commands are made from `ENDPOINTS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Over = Literal["mqtt", "stomp", "amqp", "mqtt-wss", "stomp-wss"]  # one of a row's


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One port of an Amazon MQ broker."""

    name: str
    protocol: str  # in words
    scheme: str
    port: int
    transport: str = ""  # ActiveMQ's name for it; empty where no transport connector listens
    over: tuple[Over, ...] = ()

    def url(self, host: str) -> str:
        """Write the address the way the service's console shows it."""
        return f"{self.scheme}://{host}:{self.port}"


OPENWIRE = Endpoint(name="openwire", protocol="OpenWire", scheme="ssl", port=61617, transport="nio+ssl")
MQTT = Endpoint(name="mqtt", protocol="MQTT", scheme="mqtt+ssl", port=8883, transport="mqtt+nio+ssl", over=("mqtt",))
CONSOLE = Endpoint(name="console", protocol="web console", scheme="https", port=8162)
ENDPOINTS = (
    OPENWIRE,
    Endpoint(name="amqp", protocol="AMQP 1.0", scheme="amqp+ssl", port=5671, transport="amqp+nio+ssl", over=("amqp",)),
    Endpoint(
        name="stomp", protocol="STOMP", scheme="stomp+ssl", port=61614, transport="stomp+nio+ssl", over=("stomp",)
    ),
    MQTT,
    Endpoint(
        name="wss", protocol="WebSocket", scheme="wss", port=61619, transport="wss", over=("mqtt-wss", "stomp-wss")
    ),
    CONSOLE,
)
JOLOKIA_PORT = 8778  # for the lab alone; the service has no such port


def protocol(over: str) -> str:
    """Return the protocol alone: `mqtt`, `stomp` or `amqp`."""
    return over.removesuffix("-wss")


def endpoint(over: str, endpoints: Sequence[Endpoint] = ENDPOINTS) -> str:
    """Name the endpoint of a broker that is spoken to."""
    return next(each.name for each in endpoints if over in each.over)
