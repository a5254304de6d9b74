"""A broker's ports, one row each: the protocol, its address, and the `over` of the clients that use it.

Transport connectors, published ports, the router's rules, files, pages and commands are made from `ENDPOINTS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port of an Amazon MQ broker."""

    name: str
    protocol: str  # its name, for people
    scheme: str
    port: int
    transport: str = ""  # ActiveMQ's scheme of the transport connector; empty if none listens there
    over: tuple[str, ...] = ()  # the ways in which clients connect to this port

    def url(self, host: str, port: int | None = None) -> str:
        """Return the address as the service's console shows it, or with another port."""
        return f"{self.scheme}://{host}:{port or self.port}"


OPENWIRE = Port(name="openwire", protocol="OpenWire", scheme="ssl", port=61617, transport="nio+ssl")
MQTT = Port(name="mqtt", protocol="MQTT", scheme="mqtt+ssl", port=8883, transport="mqtt+nio+ssl", over=("mqtt",))
CONSOLE = Port(name="console", protocol="web console", scheme="https", port=8162)
ENDPOINTS = (
    OPENWIRE,
    Port(name="amqp", protocol="AMQP 1.0", scheme="amqp+ssl", port=5671, transport="amqp+nio+ssl", over=("amqp",)),
    Port(name="stomp", protocol="STOMP", scheme="stomp+ssl", port=61614, transport="stomp+nio+ssl", over=("stomp",)),
    MQTT,
    Port(name="wss", protocol="WebSocket", scheme="wss", port=61619, transport="wss", over=("mqtt-wss", "stomp-wss")),
    CONSOLE,
)
HOST_PORTS = range(1024, 65536)  # of this machine: lower ones need an administrator's rights
JOLOKIA_PORT = 8778  # the lab's own; the service has no such port


def protocol(over: str) -> str:
    """Return the protocol without its transport: `mqtt`, `stomp` or `amqp`."""
    return over.removesuffix("-wss")


# The ways in which a client can connect; those without a WebSocket come first.
PROTOCOLS = tuple(
    sorted((over for each in reversed(ENDPOINTS) for over in each.over), key=lambda over: over != protocol(over))
)
if TYPE_CHECKING:
    Over = str
else:
    Over = Literal[PROTOCOLS]


def endpoint(over: str, endpoints: Sequence[Port] = ENDPOINTS) -> str:
    """Return the name of the endpoint that clients of `over` connect to."""
    return next(each.name for each in endpoints if over in each.over)
