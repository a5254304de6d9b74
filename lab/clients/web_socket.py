"""A WebSocket around the packets of MQTT and STOMP; the only file that uses websocket-client.

ActiveMQ reads each message of a WebSocket as one packet of MQTT or one frame of STOMP, so each is wrapped by itself.
"""

from __future__ import annotations

import ssl
from typing import Any

import websocket

from lab.clients.buffered_socket import BufferedStream
from lab.runtime.client import Endpoint

_SUBPROTOCOLS = {"mqtt": "mqtt", "stomp": "v12.stomp"}


def shake_hands(stream: ssl.SSLSocket, endpoint: Endpoint, protocol: str) -> None:
    """Upgrade a TLS connection to a WebSocket for `mqtt` or `stomp`; raise OSError if the broker refuses."""
    stream.settimeout(endpoint.within)
    try:
        websocket.create_connection(
            f"wss://{endpoint.host}:{endpoint.port}/",
            socket=stream,
            subprotocols=[_SUBPROTOCOLS[protocol]],
            suppress_origin=True,
        )
    except websocket.WebSocketTimeoutException as error:
        raise TimeoutError(str(error)) from error
    except websocket.WebSocketException as error:
        raise ConnectionError(f"no WebSocket: {error}") from error


class Frames:
    """Packets in WebSocket messages; does no I/O. Any thread may call `wrap`, one thread `unwrap`."""

    def __init__(self, protocol: str) -> None:
        # ActiveMQ accepts STOMP only as text, and MQTT only as binary.
        self._kind = websocket.ABNF.OPCODE_TEXT if protocol == "stomp" else websocket.ABNF.OPCODE_BINARY
        self._read = b""
        self._at = 0
        self._frames = websocket.frame_buffer(self._take, True)
        self.ended = False  # the broker closed the WebSocket
        self.pings: list[bytes] = []  # answers to the broker's pings, to be sent

    def wrap(self, packet: bytes) -> bytes:
        """Return one packet as a message."""
        octets: bytes = websocket.ABNF.create_frame(packet, self._kind).format()
        return octets

    def unwrap(self, octets: bytes) -> bytes:
        """Return the joined content of all messages that are complete with these octets."""
        self._read, self._at = self._read[self._at :] + octets, 0
        content: list[Any] = []
        while not self.ended:
            try:
                frame = self._frames.recv_frame()
            except BlockingIOError:
                break
            except websocket.WebSocketException as error:
                raise ConnectionError(f"no frame of a WebSocket: {error}") from error
            if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
                self.ended = True
            elif frame.opcode == websocket.ABNF.OPCODE_PING:
                self.pings.append(websocket.ABNF.create_frame(frame.data, websocket.ABNF.OPCODE_PONG).format())
            elif frame.opcode != websocket.ABNF.OPCODE_PONG:
                content.append(frame.data)
        return b"".join(content)

    def _take(self, size: int) -> bytes:
        if self._at == len(self._read):
            raise BlockingIOError
        start = self._at
        self._at = min(start + size, len(self._read))
        return self._read[start : self._at]


class WebSocketStream(BufferedStream):
    """A BufferedStream of packets inside a WebSocket."""

    def __init__(self, below: Any, protocol: str) -> None:
        super().__init__(below)
        self._frames = Frames(protocol)

    def send(self, octets: bytes) -> int:
        """Accept one whole packet; the next flush writes it."""
        super().send(self._frames.wrap(octets))
        return len(octets)

    def take(self) -> bytes:
        """Return the content of complete messages; without any, raise the error of a non-blocking socket."""
        while octets := super().take():
            content = self._frames.unwrap(octets)
            while self._frames.pings:
                super().send(self._frames.pings.pop(0))
            if content or self._frames.ended:
                return content
        return b""
