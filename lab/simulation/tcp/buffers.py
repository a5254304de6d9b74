"""How many bytes socket buffers of a size hold: Linux counts the memory that packets take, not what they carry. Pure.

A buffer has twice what SO_SNDBUF or SO_RCVBUF asks for, which may be net.core.wmem_max or rmem_max (socket(7)). Of the
receive buffer a share is the window: as much as the longest packet carried of its memory, and half of it before one was
longer than 536 bytes (`tcp_measure_rcv_mss`, `tcp_win_from_space`; before Linux 6.6 always half). What comes over a
link was written to a TUN device, which gives each packet memory of its own (`tun_get_user`).
"""

from __future__ import annotations

from lab.simulation.tcp.paths import HEADERS, SEGMENT

MOST = 4 << 20  # bytes: net.core.rmem_max and wmem_max of Linux 6.18
LEAST = 536  # bytes: TCP_MSS_DEFAULT, a full packet's until a longer one comes
TOGETHER = 2 * SEGMENT  # bytes sent as one, and put together while they wait: `tcp_tso_autosize` below some 3 MB/s
_AROUND = 64 + 320  # bytes: NET_SKB_PAD, and skb_shared_info behind the packet
_HEAD = 256  # bytes: sk_buff
_UNSENT = 1280  # bytes: a packet's memory at its sender beside what it carries (`tcp_stream_alloc_skb`)


def window(buffer: int, longest: int) -> int:
    """Return the bytes of a receive buffer's window, if its longest packet had so many.

    Seen with 64 KiB: 64,512 after a packet of 1,138 bytes, 39,936 where each had 708, 81,920 and 87,040 with full ones.

    >>> [window(65_536, longest) for longest in (536, 708, 1138, 1448, 2896, 16_406)]
    [65536, 39936, 64512, 81920, 87040, 87040]
    """
    space, longest = 2 * min(buffer, MOST), min(longest, TOGETHER)
    if longest <= LEAST:
        return space // 2
    memory = 1 << (longest + HEADERS + _AROUND - 1).bit_length()  # kmalloc's sizes
    return space * (longest * 256 // (memory + _HEAD)) // 256


def holds(buffer: int, written: int) -> int:
    """Return the bytes that a send buffer holds, if they are written so many at once.

    >>> holds(65_536, 1_000), holds(16_384, 4_292)
    (90896, 25240)
    """
    written = max(written, TOGETHER)
    return 2 * min(buffer, MOST) * written // (written + _UNSENT)
