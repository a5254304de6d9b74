"""Over what a client speaks: a protocol over TLS, or one of two inside a WebSocket over TLS."""

from __future__ import annotations

from typing import Literal

Over = Literal["mqtt", "stomp", "amqp", "mqtt-wss", "stomp-wss"]


def protocol(over: str) -> str:
    """Return the protocol alone: `mqtt`, `stomp` or `amqp`."""
    return over.removesuffix("-wss")


def endpoint(over: str) -> str:
    """Name the endpoint of a broker that is spoken to."""
    return "wss" if over.endswith("-wss") else over
