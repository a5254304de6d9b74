"""The labels on everything a lab makes, and who owns it: what `mqlab sweep` goes by, and nothing else.

A lab belongs to the process that opened it, told by host, boot and start time, so that a reused pid is no owner.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process, told apart from any other one that had or will have its pid."""

    host: str
    boot: str  # empty where the system does not tell
    pid: int
    started: int  # seconds since the epoch

    @classmethod
    def current(cls) -> Owner:
        """Give this process."""
        return cls(
            host=socket.gethostname(),
            boot=_BOOT_ID.read_text().strip() if _BOOT_ID.exists() else "",
            pid=os.getpid(),
            started=int(psutil.Process().create_time()),
        )

    @classmethod
    def parse(cls, text: str) -> Owner | None:
        """Read an owner label, or None if it is not one of ours."""
        parts = text.split("/")
        if len(parts) != 4 or not parts[2].isdigit() or not parts[3].isdigit():
            return None
        return cls(host=parts[0], boot=parts[1], pid=int(parts[2]), started=int(parts[3]))

    def __str__(self) -> str:
        return f"{self.host}/{self.boot}/{self.pid}/{self.started}"

    def is_dead(self, here: Owner) -> bool:
        """Tell whether this owner has surely gone, seen from `here`; another host's owner is never known dead."""
        if self.host != here.host:
            return False
        if self.boot != here.boot:
            return True
        try:
            return abs(int(psutil.Process(self.pid).create_time()) - self.started) > 2
        except psutil.NoSuchProcess:
            return True


def router_name(run: str) -> str:
    """Give the name of the router's container; while a lab that is to stay is being opened, it has another one."""
    return f"mqlab-{run}-router"


def opening_name(run: str) -> str:
    """Give the name of the router's container until its lab stands; only names can be changed later, not labels."""
    return f"{router_name(run)}-opening"


def of_lab(run: str, owner: Owner, *, detached: bool) -> dict[str, str]:
    """Give the labels that everything of one lab carries."""
    return {
        RUN: run,
        OWNER: str(owner),
        CREATED: datetime.now(UTC).isoformat(timespec="seconds"),
        DETACHED: "yes" if detached else "no",
    }
