"""A TUN device with segmentation offload."""

from __future__ import annotations

import fcntl
import os
import struct

DEVICE = "/dev/net/tun"
_TUNSETIFF, _TUNSETOFFLOAD = 0x400454CA, 0x400454D0
_IFF_TUN, _IFF_NO_PI, _IFF_VNET_HDR = 0x1, 0x1000, 0x4000
_OFFLOADS = 0x1 | 0x2 | 0x4 | 0x8  # checksums, TCP over IPv4 and IPv6, with ECN
# Bytes of one read: a header of 10 and the longest packet that the kernel hands over uncut.
READ_SIZE = 66_000


def open_tun(name: str) -> int:
    """Make a TUN device and return its file descriptor; the device exists as long as that is open."""
    fd = os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI | _IFF_VNET_HDR))
        fcntl.ioctl(fd, _TUNSETOFFLOAD, _OFFLOADS)
    except OSError:
        os.close(fd)
        raise
    return fd
