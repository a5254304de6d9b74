"""How many bytes socket buffers of a size hold: Linux counts a packet's memory, not its data. Pure.

A buffer has twice what SO_SNDBUF or SO_RCVBUF asks for, which may be net.core.wmem_max or rmem_max (socket(7)). Of the
receive buffer a share is the window: as much as the longest packet carried of its memory, and half of it before one was
longer than 536 bytes (`tcp_measure_rcv_mss`, `tcp_win_from_space`; before Linux 6.6 always half). What comes over a
link was written to a TUN device, which gives each packet memory of its own (`tun_get_user`).
"""

from __future__ import annotations

from lab.simulation.tcp.paths import HEADERS, SEGMENT

LARGEST_BUFFER_BYTES = 4 << 20  # bytes: net.core.rmem_max and wmem_max of Linux 6.18
DEFAULT_SEGMENT_BYTES = 536  # bytes: TCP_MSS_DEFAULT, a full packet's until a longer one comes
TOGETHER = 2 * SEGMENT  # bytes sent as one, and put together while they wait: `tcp_tso_autosize` below some 3 MB/s
_AROUND = 64 + 320  # bytes: NET_SKB_PAD, and skb_shared_info behind the packet
_SKB_BYTES = 256  # bytes: sk_buff
_PIECE = 832  # bytes: the memory of what is sent as one, beside what it carries: SKB_TRUESIZE(MAX_TCP_HEADER) on x86-64
_WRITES = 8192  # bytes: `TcpBufferedOutputStream`, whose buffer what is longer leaves out, in a write of its own
_BESIDE = 100  # bytes: about what is written before such a body, and what after it
_RECORD = 16_406  # bytes: a full record of TLS, which is a write


def window(buffer: int, longest: int) -> int:
    """Return the bytes of a receive buffer's window, if its longest packet had so many.

    Seen with 64 KiB: 64,512 after a packet of 1,138 bytes, 39,936 where each had 708, 81,920 and 87,040 with full ones.

    >>> [window(65_536, longest) for longest in (536, 708, 1138, 1448, 2896, 16_406)]
    [65536, 39936, 64512, 81920, 87040, 87040]
    """
    space, longest = 2 * min(buffer, LARGEST_BUFFER_BYTES), min(longest, TOGETHER)
    if longest <= DEFAULT_SEGMENT_BYTES:
        return space // 2
    memory = 1 << (longest + HEADERS + _AROUND - 1).bit_length()  # kmalloc's sizes
    return space * (longest * 256 // (memory + _SKB_BYTES)) // 256


def holds(buffer: int, message: int, far: int) -> int:
    """Return the bytes under way that a send buffer lets be, of messages so long, with a receive buffer at the far end.

    What waits in it is put together; if that is more than the far end's window, something always waits. Otherwise each
    write leaves at once, in pieces of its own (TCP_NODELAY), and another one is let in while there is any room
    (`sk_stream_memory_free`): half of one more, on average; counted in full packets, as it is let in whole.
    Seen over the lab's own link, with 64 KiB at the far end: 16 KiB let 16 messages of 1,220 bytes be under way, 6 of
    4,292; 24 KiB 7 or 8 of 5,316; 32 KiB 14 of 3,268, or 5 of 10,480; 48 KiB 8 of 8,432.

    >>> [holds(buffer, message, 65_536) for buffer, message in ((16_384, 1_220), (16_384, 4_292), (49_152, 8_432))]
    [20272, 26064, 69504]
    >>> holds(65_536, 1_220, 65_536)
    101819
    """
    space = 2 * min(buffer, LARGEST_BUFFER_BYTES)
    if (together := space * TOGETHER // (TOGETHER + _PIECE)) >= window(far, TOGETHER):
        return together
    memory = [each - (-each // TOGETHER) * _PIECE for each in _writes(message)]
    held = (space + max(memory) // 2) * message // sum(memory)
    return held - held % -SEGMENT


def _writes(message: int) -> list[int]:
    """Return the bytes of each write to a socket that a message takes."""
    if message <= _WRITES:
        return [message]
    records, rest = divmod(message - 2 * _BESIDE, _RECORD)
    return [_BESIDE, *[_RECORD] * records, *[rest] * (rest > 0), _BESIDE]
