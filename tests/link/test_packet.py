from __future__ import annotations

import struct

import pytest

from lab.link.packet import VNET, VNET_BYTES, checksum, cut_of, is_ipv4, part_of, wire_of
from lab.link.reject import refusal

SOURCE, TARGET = bytes([10, 0, 0, 1]), bytes([10, 0, 1, 1])
FIN, SYN, RST, PSH, ACK, CWR = 0x01, 0x02, 0x04, 0x08, 0x10, 0x80


def ip(protocol: int, body: bytes, identity: int = 100, fragment: int = 0) -> bytes:
    header = bytearray(struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), identity, fragment, 64, protocol, 0))
    header += SOURCE + TARGET
    struct.pack_into("!H", header, 10, checksum(header))
    return bytes(header) + body


def tcp(flags: int, body: bytes = b"", sequence: int = 1_000, acknowledged: int = 5_000) -> bytes:
    return struct.pack("!HHIIBBHHH", 1111, 8883, sequence, acknowledged, 5 << 4, flags, 100, 0, 0) + body


def super_packet(body: bytes, size: int, flags: int = ACK, sequence: int = 1_000) -> bytes:
    return VNET.pack(1, 1, 40, size, 20, 16) + ip(6, tcp(flags, body, sequence))


def pseudo(packet: bytes) -> bytes:
    length = len(packet) - VNET_BYTES - 20
    return packet[VNET_BYTES + 12 : VNET_BYTES + 20] + struct.pack("!BBH", 0, packet[VNET_BYTES + 9], length)


def test_a_super_packet_is_as_many_packets_as_its_wire_would_carry() -> None:
    packet = super_packet(bytes(2_500), 1_000)
    cut = cut_of(packet)
    assert cut is not None
    assert cut.wire_sizes() == [1_040, 1_040, 540]
    assert wire_of(packet) == (3, 2_620)


@pytest.mark.parametrize(
    "packet",
    [
        bytes(VNET_BYTES) + ip(6, tcp(ACK)),
        VNET.pack(1, 1, 40, 0, 20, 16) + ip(6, tcp(ACK, bytes(100))),
        VNET.pack(1, 1, 40, 10, 65535, 16) + ip(6, tcp(ACK, bytes(100))),
        VNET.pack(1, 1, 40, 10, 20, 16) + ip(6, tcp(ACK)),
        VNET.pack(1, 5, 40, 10, 20, 16) + ip(17, bytes(100)),
    ],
)
def test_what_is_no_super_packet_is_one_packet(packet: bytes) -> None:
    assert cut_of(packet) is None
    assert wire_of(packet) == (1, len(packet) - VNET_BYTES)


def test_parts_have_their_own_lengths_numbers_flags_and_checksums() -> None:
    body = bytes(range(250)) * 10
    packet = super_packet(body, 1_000, ACK | PSH | FIN | CWR, sequence=0xFFFFFC18)  # wraps after 1000 bytes
    cut = cut_of(packet)
    assert cut is not None
    first, rest = part_of(packet, cut, 0, 1), part_of(packet, cut, 1, 3)
    assert (first[VNET_BYTES + 40 :], rest[VNET_BYTES + 40 :]) == (body[:1_000], body[1_000:])
    assert (VNET.unpack_from(first)[1:4:2], VNET.unpack_from(rest)[1:4:2]) == ((0, 0), (1, 1_000))
    for part, identity, sequence, flags in ((first, 100, 0xFFFFFC18, ACK | CWR), (rest, 101, 0, ACK | PSH | FIN)):
        assert int.from_bytes(part[VNET_BYTES + 2 : VNET_BYTES + 4], "big") == len(part) - VNET_BYTES
        assert int.from_bytes(part[VNET_BYTES + 4 : VNET_BYTES + 6], "big") == identity
        assert checksum(part[VNET_BYTES : VNET_BYTES + 20]) == 0
        assert int.from_bytes(part[VNET_BYTES + 24 : VNET_BYTES + 28], "big") == sequence
        assert part[VNET_BYTES + 33] == flags
        # the field holds the pseudo header's sum; the kernel adds the rest
        assert int.from_bytes(part[VNET_BYTES + 36 : VNET_BYTES + 38], "big") == ~checksum(pseudo(part)) & 0xFFFF
    assert part_of(packet, cut, 0, 3) is packet


def test_a_reset_answers_an_established_connection_with_its_own_number() -> None:
    reply = refusal(bytes(VNET_BYTES) + ip(6, tcp(ACK | PSH, b"hello")))
    assert reply is not None
    source, target, sequence, _, _, flags = struct.unpack_from("!HHIIBB", reply, VNET_BYTES + 20)
    assert (reply[VNET_BYTES + 12 : VNET_BYTES + 16], reply[VNET_BYTES + 16 : VNET_BYTES + 20]) == (TARGET, SOURCE)
    assert (source, target, sequence, flags) == (8883, 1111, 5_000, RST)
    assert checksum(pseudo(reply) + reply[VNET_BYTES + 20 :]) == 0
    assert checksum(reply[VNET_BYTES : VNET_BYTES + 20]) == 0


def test_a_reset_answers_a_new_connection_as_a_closed_port() -> None:
    reply = refusal(bytes(VNET_BYTES) + ip(6, tcp(SYN, sequence=41)))
    assert reply is not None
    assert struct.unpack_from("!IIBB", reply, VNET_BYTES + 24)[:2] == (0, 42)
    assert reply[VNET_BYTES + 33] == RST | ACK


def test_port_unreachable_answers_udp_and_quotes_it() -> None:
    packet = bytes(VNET_BYTES) + ip(17, struct.pack("!HHHH", 1, 2, 12, 0) + b"body")
    reply = refusal(packet)
    assert reply is not None
    assert reply[VNET_BYTES + 20 : VNET_BYTES + 22] == bytes([3, 3])
    assert reply[VNET_BYTES + 28 :] == packet[VNET_BYTES : VNET_BYTES + 28]
    assert checksum(reply[VNET_BYTES + 20 :]) == 0


@pytest.mark.parametrize(
    "packet",
    [ip(6, tcp(RST)), ip(6, b"short"), ip(17, b"short"), ip(1, bytes(20)), ip(6, tcp(ACK), fragment=5)],
)
def test_nothing_answers_a_reset_a_torn_packet_or_a_later_fragment(packet: bytes) -> None:
    assert refusal(bytes(VNET_BYTES) + packet) is None


@pytest.mark.parametrize(
    "packet", [b"", bytes(VNET_BYTES), bytes(VNET_BYTES + 40), bytes(VNET_BYTES) + b"\x60" + bytes(60)]
)
def test_other_things_are_not_ipv4(packet: bytes) -> None:
    assert not is_ipv4(packet)
