"""The owner of a lab: the process that opened it.

Identified by host, boot, pid namespace and start time, so that a reused pid, or the same pid in a container, is not
taken for the owner.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil

from lab.base.dataclass import dataclass
from lab.errors import InputError
from lab.runtime.clock import boot

_PIDS = Path("/proc/self/ns/pid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process, distinct from every other process that had or will have its pid."""

    host: str
    boot: str  # the boot's id; empty if the system has none
    pid: int
    started: int  # seconds since the epoch
    pids: str = ""  # the pid namespace, since containers may share the host's name and its boot

    @classmethod
    def current(cls) -> Owner:
        """Return this process."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> Owner:
        """Return a process of this machine; raise InputError if no process has that number."""
        try:
            started = int(psutil.Process(pid).create_time())
        except (psutil.NoSuchProcess, ValueError, OverflowError) as error:
            raise InputError.of(f"there is no process {pid}", "write the number of a running process") from error
        return cls(host=socket.gethostname(), boot=boot(), pid=pid, started=started, pids=_namespace())

    @classmethod
    def parse(cls, text: str) -> Owner | None:
        """Return the owner that a label names; None if the label is not of mqlab."""
        parts = text.split("/")
        if len(parts) not in (4, 5) or not parts[2].isdigit() or not parts[3].isdigit():
            return None
        pids = parts[4] if len(parts) == 5 else ""
        return cls(host=parts[0], boot=parts[1], pid=int(parts[2]), started=int(parts[3]), pids=pids)

    def __str__(self) -> str:
        return f"{self.host}/{self.boot}/{self.pid}/{self.started}" + (f"/{self.pids}" if self.pids else "")

    def is_dead(self, observer: Owner) -> bool:
        """Return whether the process `observer` can be certain that this owner has ended.

        False for an owner on another host or in another pid namespace.
        """
        if self.host != observer.host:
            return False
        if self.boot != observer.boot:
            return True
        if self.pids and observer.pids and self.pids != observer.pids:
            return False
        try:
            its = psutil.Process(self.pid)
            # One that has ended stays in the table until its parent asks how it ended.
            return abs(int(its.create_time()) - self.started) > 2 or its.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


def _namespace() -> str:
    """Return the number of this process's pid namespace; "" if the system has none."""
    try:
        return "".join(filter(str.isdigit, _PIDS.readlink().name))
    except OSError:
        return ""
