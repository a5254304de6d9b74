"""The scheduling of a link's process: the best that the container's capabilities allow; none is required."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import platform
import struct

_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_SET_TIMERSLACK, _SIGKILL = 1, 15, 29, 9
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_SLICE_NS = 100_000  # the kernel's shortest: an early deadline, so that a waking link runs before busy processes
_PRIORITY = 10
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def be_punctual() -> str:
    """Set the best scheduling that this container allows; return it in a few words."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)  # wake at the requested nanosecond, not up to 50 µs later
    # Super-packets take 64 KiB each; without this, the end of the heap is freed and allocated again for each.
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(_M_TRIM_THRESHOLD, 1 << 30)
    gc.collect()
    gc.freeze()
    gc.disable()  # a collection walks everything in flight; the loop makes no cycles
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))
    except PermissionError:  # needs --ulimit rtprio, and a kernel without real-time groups
        return f"{_short_slice(libc)}, {_niceness()}"
    return f"real time, round robin, priority {_PRIORITY}"


def be_called(name: str) -> None:
    """Set this process's name in the kernel's lists; fifteen characters are kept."""
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)


def die_with_parent() -> None:
    """Make the kernel kill this process when its parent ends: a link without a router must not go on."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def _short_slice(libc: ctypes.CDLL) -> str:
    number = _SCHED_SETATTR.get(platform.machine())
    if number is None:
        return "time slice of the kernel's choice"
    attributes = struct.pack("=IIQiIQQQ", 48, 0, 0, os.getpriority(os.PRIO_PROCESS, 0), 0, _SLICE_NS, 0, 0)
    refused = libc.syscall(number, 0, attributes, 0)
    # Kernels before 6.12 take the call and ignore the slice.
    return "time slice of the kernel's choice" if refused else f"time slice {_SLICE_NS // 1000} µs"


def _niceness() -> str:
    with contextlib.suppress(PermissionError):  # needs --ulimit nice
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    return f"nice {os.getpriority(os.PRIO_PROCESS, 0)}"
