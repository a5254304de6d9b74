"""A network namespace with a cable to this machine: what runs in it is reached as on another machine.  Needs root"""

from __future__ import annotations

import random
import subprocess
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network

_BLOCKS = IPv4Network("10.209.0.0/16")


@dataclass(frozen=True, slots=True, kw_only=True)
class FarMachine:
    """The namespace, and the address at which this machine reaches it."""

    own: str  # part of its names, and of no other one's
    address: str

    @property
    def namespace(self) -> str:
        return f"mqlab-{self.own}"

    @property
    def entering(self) -> tuple[str, ...]:
        """Return the words before a command that is to run in it."""
        return "nsenter", f"--net=/run/netns/{self.namespace}"


@contextmanager
def far_machine(used: Iterable[IPv4Network]) -> Iterator[FarMachine]:
    """Make the namespace, with addresses of a block that nothing here uses; remove it at the end of the block."""
    own = uuid.uuid4().hex[:6]
    taken = tuple(used)
    free = [block for block in _BLOCKS.subnets(new_prefix=30) if not any(block.overlaps(other) for other in taken)]
    block = random.choice(free)
    here, there = block[1], block[2]
    its, cable = FarMachine(own=own, address=str(there)), f"mqf{own}"
    with ExitStack() as closing:
        _run("ip", "netns", "add", its.namespace)
        closing.callback(_run, "ip", "netns", "del", its.namespace)
        _run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", its.namespace)
        _run("ip", "addr", "add", f"{here}/30", "dev", cable)
        _run("ip", "link", "set", cable, "up")
        for words in (
            ("addr", "add", f"{there}/30", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            _run("ip", "-n", its.namespace, *words)
        _run("ip", "-n", its.namespace, "route", "add", "default", "via", str(here))  # as every machine has one
        yield its


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
