"""Addresses of this machine for each instance of one lab, 127.61.V.N, at which the ports are those of AWS.

The number V is the lab's. While a lab opens it has V by a lock, which the system releases however the process ends, and
from then on by its state file. Other users' labs are known by their ports: the engine publishes no port twice.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from lab.activemq.protocols import ENDPOINTS, OPENWIRE
from lab.base.file_locks import lock
from lab.emulation.network.published_at import PublishedAt
from lab.runtime.state_file import make_folder, writing_to

NOT_HERE = "clients reach the engine's ports at {}, and 127.61.0.0/16 is only on this machine"
NONE_FREE = "every block 127.61.N is used by a lab or another program"
NO_LEAD = "ports are published at {}, but a connection from here fails"
_FOLDER = "addresses"
_MOST = 254  # of the last two numbers of an address
_CONNECTION_SECONDS = 2.0
_TRIES_WITHOUT = 2


class OwnAddresses:
    """The addresses of a lab's instances, as long as they are possible; else `why_none` has the reason."""

    def __init__(self, instances: Sequence[str], states: Path, taken: Callable[[], Collection[str]]) -> None:
        self._instances, self._folder, self._taken = instances, states / _FOLDER, taken
        self._numbers = iter(range(1, _MOST + 1))
        self._lock: int | None = None
        self.of: Mapping[str, str] = {}  # instance → address
        self.why_none = ""

    def choose(self) -> None:
        """Choose the next free number, with its lock; without a free number there are no addresses."""
        self.close()
        if len(self._instances) > _MOST:
            self.give_up(f"the lab has more than {_MOST} instances")
            return
        make_folder(self._folder)
        for number in self._numbers:
            its = {name: f"127.61.{number}.{place}" for place, name in enumerate(self._instances, 1)}
            if not self._locked(number):
                continue
            if why := _why_not(its.values()):
                self.give_up(why)
                return
            if not set(self._taken()) & set(its.values()) and _are_free(its.values()):
                self.of = its
                return
            self.close()
        self.give_up(NONE_FREE)

    def give_up(self, why: str) -> None:
        """Go without addresses, for a reason."""
        self.of, self.why_none = {}, why
        self.close()

    def refused(self, why: str, *, taken: bool, left: int) -> None:
        """Choose other addresses after a refusal of the engine that may concern them; else go without addresses.

        The last tries have no addresses: perhaps only the usual ports are free.
        """
        if taken and left > _TRIES_WITHOUT:
            self.choose()
        else:
            self.give_up(why)

    def close(self) -> None:
        """Release the number's lock, which the lab's state file replaces."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _locked(self, number: int) -> bool:
        with writing_to(self._folder):
            descriptor = os.open(self._folder / str(number), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            lock(descriptor, wait=False)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True


def why_elsewhere(at: PublishedAt) -> str:
    """Return why labs on an engine have no addresses of this machine; "" if they can have some."""
    return "" if at.here else NOT_HERE.format(at.ssh or at.host)


def why_not_reached(address: str, usual: tuple[str, int]) -> str:
    """Return why an address is useless, though its ports are published; "" if a connection comes through.

    It is "" too where the `usual` port of the same instance refuses connections: the broker may not listen yet.
    """
    if connects(address, OPENWIRE.port) or not connects(*usual):
        return ""
    return NO_LEAD.format(address)


def connects(host: str, port: int) -> bool:
    """Return whether a connection to a place of this machine opens."""
    try:
        socket.create_connection((host, port), _CONNECTION_SECONDS).close()
    except OSError:
        return False
    return True


def _why_not(addresses: Collection[str]) -> str:
    """Return why this system has not one of the addresses; "" if it has them."""
    for address in addresses:
        with socket.socket() as probe:
            try:
                probe.bind((address, 0))
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL:
                    return f"this system does not have the address {address}"
    return ""


def _are_free(addresses: Collection[str]) -> bool:
    """Return whether no program of this machine listens at a port of the addresses."""
    with ExitStack() as closing:
        for address, port in _all_ports(addresses):
            probe = closing.enter_context(socket.socket())
            with suppress(OSError):  # not on every system
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def _all_ports(addresses: Collection[str]) -> Iterator[tuple[str, int]]:
    yield from ((address, each.port) for address in addresses for each in ENDPOINTS)
