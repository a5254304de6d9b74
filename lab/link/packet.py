"""IPv4 packets as read from a TUN device with IFF_VNET_HDR: a 10-byte header, then the packet.

One read may be a super-packet: many TCP segments that the kernel has not cut yet. This module counts its wire packets
and extracts some of them. It decides nothing.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

VNET = struct.Struct("=BBHHHH")  # flags, gso type, header length, gso size, checksum start, checksum offset
VNET_BYTES = VNET.size
_NEEDS_CSUM = 1
_GSO_TCP4, _GSO_ECN = 1, 0x80
TCP = 6  # the protocol's number
FIN, SYN, RST, PSH, ACK, CWR = 0x01, 0x02, 0x04, 0x08, 0x10, 0x80
_SHORTEST = VNET_BYTES + 20


class Cut(NamedTuple):
    """The layout of a super-packet's segments, all in bytes."""

    ip_header: int  # length
    headers: int  # IP and TCP together, repeated on the wire by every segment
    payload: int  # of all segments
    size: int  # payload of every segment but the last

    @property
    def segments(self) -> int:
        """Return the number of packets on the wire."""
        return -(-self.payload // self.size) or 1

    def wire_sizes(self) -> list[int]:
        """Return the bytes of each segment on the wire, IP header included."""
        full = self.segments - 1
        return [self.headers + self.size] * full + [self.headers + self.payload - full * self.size]


def cut_of(packet: bytes) -> Cut | None:
    """Return the layout of a super-packet, or None for any other packet, one with invalid headers too."""
    gso, _, size, at = struct.unpack_from("=BHHH", packet, 1)
    if gso & ~_GSO_ECN != _GSO_TCP4 or not size or at < 20 or len(packet) < VNET_BYTES + at + 20:
        return None
    headers = at + (packet[VNET_BYTES + at + 12] >> 4) * 4
    payload = len(packet) - VNET_BYTES - headers
    return Cut(at, headers, payload, size) if payload > 0 else None


def wire_of(packet: bytes) -> tuple[int, int]:
    """Return a packet's number of wire packets, and their bytes together."""
    cut = cut_of(packet)
    if cut is None:
        return 1, len(packet) - VNET_BYTES
    segments = cut.segments
    return segments, cut.payload + segments * cut.headers


def is_ipv4(packet: bytes) -> bool:
    """Return whether a packet has a plausible IPv4 header."""
    return (
        len(packet) >= _SHORTEST
        and packet[VNET_BYTES] >> 4 == 4
        and len(packet) - VNET_BYTES >= (packet[VNET_BYTES] & 15) * 4 >= 20
    )


def part_of(packet: bytes, cut: Cut, first: int, last: int) -> bytes:
    """Return segments first to last (exclusive) of a super-packet as a packet of their own."""
    count = cut.segments
    if (first, last) == (0, count):
        return packet
    flags, gso, head, size, start, offset = VNET.unpack_from(packet)
    begin = VNET_BYTES + cut.headers + first * cut.size
    body = packet[begin : VNET_BYTES + cut.headers + min(last * cut.size, cut.payload)]
    headers = bytearray(packet[VNET_BYTES : VNET_BYTES + cut.headers])
    length = cut.headers + len(body)
    struct.pack_into("!H", headers, 2, length)
    struct.pack_into("!H", headers, 4, (int.from_bytes(headers[4:6], "big") + first) & 0xFFFF)
    headers[10:12] = bytes(2)
    struct.pack_into("!H", headers, 10, checksum(headers[: cut.ip_header]))
    tcp = cut.ip_header
    sequence = int.from_bytes(headers[tcp + 4 : tcp + 8], "big")
    struct.pack_into("!I", headers, tcp + 4, (sequence + first * cut.size) & 0xFFFFFFFF)
    if last < count:
        headers[tcp + 13] &= ~(FIN | PSH) & 0xFF  # they belong to the last segment
    if first > 0:
        headers[tcp + 13] &= ~CWR & 0xFF  # and this one to the first
    # A super-packet's checksum field holds the sum of the pseudo header only; the length is part of that.
    struct.pack_into("!H", headers, tcp + 16, _fold(_pseudo(headers, TCP, length - cut.ip_header)))
    if last - first == 1:
        gso, size = 0, 0
    return VNET.pack(flags | _NEEDS_CSUM, gso, head, size, start, offset) + bytes(headers) + body


def checksum(data: bytes | bytearray) -> int:
    """Return the internet checksum of the data."""
    padded = bytes(data) + bytes(len(data) & 1)
    return ~_fold(sum(struct.unpack(f"!{len(padded) // 2}H", padded))) & 0xFFFF


def _pseudo(header: bytearray, protocol: int, length: int) -> int:
    words: tuple[int, ...] = struct.unpack_from("!4H", header, 12)
    return sum(words) + protocol + length


def _fold(total: int) -> int:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
