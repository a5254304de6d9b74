"""The answer of a closed port to an IPv4 packet: a TCP reset or ICMP port unreachable."""

from __future__ import annotations

import struct

from lab.link.packet import ACK, FIN, RST, SYN, TCP, VNET_BYTES, checksum

_UDP, _ICMP = 17, 1


def refusal(packet: bytes) -> bytes | None:
    """Return a closed port's answer to a packet, a TCP reset or ICMP port unreachable; None if it would be silent."""
    ip = (packet[VNET_BYTES] & 15) * 4
    if int.from_bytes(packet[VNET_BYTES + 6 : VNET_BYTES + 8], "big") & 0x1FFF:  # a later fragment has no ports
        return None
    protocol, rest = packet[VNET_BYTES + 9], packet[VNET_BYTES + ip :]
    if protocol == TCP and len(rest) >= 20:
        return _reset(packet, ip, rest)
    if protocol == _UDP and len(rest) >= 8:
        quoted = packet[VNET_BYTES : VNET_BYTES + ip] + rest[:8]
        message = struct.pack("!BBHI", 3, 3, 0, 0) + quoted
        message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
        return _answer(packet, _ICMP, message)
    return None


def _reset(packet: bytes, ip: int, tcp: bytes) -> bytes | None:
    source, target, sequence, acknowledged = struct.unpack_from("!HHII", tcp)
    flags = tcp[13]
    if flags & RST:
        return None
    if flags & ACK:
        number, answer, answer_flags = acknowledged, 0, RST
    else:
        total = int.from_bytes(packet[VNET_BYTES + 2 : VNET_BYTES + 4], "big")
        length = total - ip - (tcp[12] >> 4) * 4 + bool(flags & SYN) + bool(flags & FIN)
        number, answer, answer_flags = 0, (sequence + length) & 0xFFFFFFFF, RST | ACK
    segment = bytearray(struct.pack("!HHIIBBHHH", target, source, number, answer, 5 << 4, answer_flags, 0, 0, 0))
    header = packet[VNET_BYTES + 16 : VNET_BYTES + 20] + packet[VNET_BYTES + 12 : VNET_BYTES + 16]
    struct.pack_into("!H", segment, 16, checksum(header + struct.pack("!BBH", 0, TCP, len(segment)) + segment))
    return _answer(packet, TCP, bytes(segment))


def _answer(packet: bytes, protocol: int, body: bytes) -> bytes:
    """Return an answer to a packet's source, as if from its destination."""
    header = bytearray(struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, protocol, 0))
    header += packet[VNET_BYTES + 16 : VNET_BYTES + 20] + packet[VNET_BYTES + 12 : VNET_BYTES + 16]
    struct.pack_into("!H", header, 10, checksum(header))
    return bytes(VNET_BYTES) + bytes(header) + body
