"""What is in a WebSocket comes out as it went in, in whatever pieces it is read."""

from __future__ import annotations

import pytest
import websocket

from lab.clients.web_socket import Frames


def from_a_broker(content: bytes, kind: int = websocket.ABNF.OPCODE_BINARY) -> bytes:
    """A broker's frame: not masked."""
    assert len(content) < 126
    return bytes([0x80 | kind, len(content)]) + content


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
def test_messages_come_out_whole_in_whatever_pieces_they_are_read(piece: int) -> None:
    frames = Frames("mqtt")
    octets = b"".join(from_a_broker(b"message %d" % n) for n in range(20))
    read = [frames.unwrap(octets[at : at + piece]) for at in range(0, len(octets), piece)]
    assert b"".join(read) == b"".join(b"message %d" % n for n in range(20))


def test_each_packet_is_a_masked_message_of_its_own() -> None:
    for protocol, kind in (("mqtt", websocket.ABNF.OPCODE_BINARY), ("stomp", websocket.ABNF.OPCODE_TEXT)):
        octets = Frames(protocol).wrap(b"packet")
        assert octets[0] == 0x80 | kind
        assert octets[1] == 0x80 | len(b"packet")
        mask, masked = octets[2:6], octets[6:]
        assert bytes(octet ^ mask[at % 4] for at, octet in enumerate(masked)) == b"packet"


def test_a_ping_is_answered_and_is_no_content() -> None:
    frames = Frames("stomp")
    ping = from_a_broker(b"are you there", websocket.ABNF.OPCODE_PING)
    assert frames.unwrap(from_a_broker(b"a") + ping + from_a_broker(b"b")) == b"ab"
    (answer,) = frames.pings
    assert answer[0] == 0x80 | websocket.ABNF.OPCODE_PONG


def test_a_farewell_ends_it() -> None:
    frames = Frames("mqtt")
    assert frames.unwrap(from_a_broker(b"a") + from_a_broker(b"\x03\xe8", websocket.ABNF.OPCODE_CLOSE)) == b"a"
    assert frames.ended


def test_what_is_no_frame_is_an_error() -> None:
    with pytest.raises(ConnectionError, match="no frame of a WebSocket"):
        Frames("mqtt").unwrap(b"\xf2\x00")  # reserved bits
