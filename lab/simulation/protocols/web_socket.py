"""The port on which MQTT and STOMP come inside a WebSocket, which a request of HTTP opens."""

from __future__ import annotations

from typing import NamedTuple

from lab.simulation.protocols.mqtt import MqttSide
from lab.simulation.protocols.session import BrokerSide, Sessions
from lab.simulation.protocols.sizes import on_the_wire
from lab.simulation.protocols.stomp import StompSide
from lab.simulation.tcp.connection import Connection, SilentPeer

_ASKED, _ANSWERED = 205, 170  # bytes of the request beside the host, and of the answer, as they were seen


class Upgrade(NamedTuple):
    """The request for a WebSocket."""

    protocol: str  # mqtt | stomp
    host: str

    def octets(self) -> int:
        """Return the size in bytes."""
        return _ASKED + len(self.host)


class Upgraded(NamedTuple):
    """The answer to an Upgrade, 101."""

    refusal: str = ""

    def octets(self) -> int:
        """Return the size in bytes."""
        return _ANSWERED


class WebSocketDoor(SilentPeer):
    """A connection to the port, which becomes one of MQTT or STOMP by its first request."""

    def __init__(self, sessions: Sessions, connection: Connection, connector: str) -> None:
        self._sessions, self._connection, self._connector = sessions, connection, connector
        self._side: BrokerSide | None = None

    def received(self, frame: object) -> None:
        """Accept the upgrade request, then pass on every frame to the protocol."""
        if self._side is not None:
            self._side.received(frame)
        elif isinstance(frame, Upgrade):
            kind = MqttSide if frame.protocol == "mqtt" else StompSide
            self._side = kind(self._sessions, self._connection, self._connector, web_socket=True)
            answer = Upgraded()
            self._connection.send(answer, on_the_wire(answer.octets()))

    def closed(self, why: str) -> None:
        """Pass on the end to the protocol."""
        if self._side is not None:
            self._side.closed(why)
