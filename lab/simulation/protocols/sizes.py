"""The size of a frame on the wire, with TLS and, if used, a WebSocket."""

from __future__ import annotations

RECORD = 22  # of TLS 1.3 around each frame: header, content type, tag (RFC 8446, 5.2)
_MASK = 4  # of a WebSocket's frame that a client sends (RFC 6455, 5.2)
_SHORT, _MIDDLE = 126, 65_536  # bytes of a WebSocket's frame whose length fits its first byte, its first three


def on_the_wire(octets: int, web_socket: bool = False, masked: bool = False) -> int:
    """Return the size of a frame with its TLS and TCP overhead, in bytes.

    Each frame has a TLS record of its own: ActiveMQ flushes after each, and so do the lab's clients.
    """
    if web_socket:
        octets += 2 if octets < _SHORT else 4 if octets < _MIDDLE else 10
        octets += _MASK if masked else 0
    return octets + RECORD
