"""The labels on everything a lab makes, and who owns it: what `mqlab sweep` goes by, and nothing else.

A lab belongs to the process that opened it, told by host, boot, pid namespace and start time, so that neither a reused
pid nor the same pid in a container is its owner.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

RUN = "mqlab.run"
ROLE = "mqlab.role"
REGION = "mqlab.region"
BROKER = "mqlab.broker"
CREATED = "mqlab.created"
OWNER = "mqlab.owner"
DETACHED = "mqlab.detached"  # such a lab outlives its owner, until `mqlab down`

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PIDS = Path("/proc/self/ns/pid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process, told apart from any other one that had or will have its pid."""

    host: str
    boot: str  # empty where the system does not tell
    pid: int
    started: int  # seconds since the epoch
    pids: str = ""  # whose pids it is one of: containers of one host may share its name and its boot

    @classmethod
    def current(cls) -> Owner:
        """Return this process."""
        return cls(
            host=socket.gethostname(),
            boot=_BOOT_ID.read_text().strip() if _BOOT_ID.exists() else "",
            pid=os.getpid(),
            started=int(psutil.Process().create_time()),
            pids=_namespace(),
        )

    @classmethod
    def parse(cls, text: str) -> Owner | None:
        """Read an owner label, or None if it is not one of ours."""
        parts = text.split("/")
        if len(parts) not in (4, 5) or not parts[2].isdigit() or not parts[3].isdigit():
            return None
        pids = parts[4] if len(parts) == 5 else ""
        return cls(host=parts[0], boot=parts[1], pid=int(parts[2]), started=int(parts[3]), pids=pids)

    def __str__(self) -> str:
        return f"{self.host}/{self.boot}/{self.pid}/{self.started}" + (f"/{self.pids}" if self.pids else "")

    def is_dead(self, here: Owner) -> bool:
        """Return whether this owner has surely gone, seen from `here`; one with other pids is never known dead."""
        if self.host != here.host:
            return False
        if self.boot != here.boot:
            return True
        if self.pids and here.pids and self.pids != here.pids:
            return False
        try:
            return abs(int(psutil.Process(self.pid).create_time()) - self.started) > 2
        except psutil.NoSuchProcess:
            return True


def _namespace() -> str:
    """Return the number of this process's pid namespace; nothing where the system does not tell."""
    try:
        return "".join(filter(str.isdigit, _PIDS.readlink().name))
    except OSError:
        return ""


def router_name(run: str) -> str:
    """Return the name of the router's container; while a lab that is to stay is being opened, it has another one."""
    return f"mqlab-{run}-router"


def opening_name(run: str) -> str:
    """Return the name of the router's container until its lab stands; only names can be changed later, not labels."""
    return f"{router_name(run)}-opening"


def of_lab(run: str, owner: Owner, *, detached: bool) -> dict[str, str]:
    """Return the labels that everything of one lab carries."""
    return {
        RUN: run,
        OWNER: str(owner),
        CREATED: datetime.now(UTC).isoformat(timespec="seconds"),
        DETACHED: "yes" if detached else "no",
    }
