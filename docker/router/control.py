"""A link's control socket: one JSON request a line, one JSON answer a line. No client can block it.

Knows the protocol; the link is handed in as a Controlled.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from lab.link import fields
from lab.link.fields import ConfigError
from lab.link.impairment import Setting, read_setting

FOLDER = Path("/run/mqlab")
MAX_REQUEST = 64 << 10
_MAX_CLIENTS, _BACKLOG = 16, 128
# requests, and the keys that each needs
_VERBS: Mapping[str, set[str]] = {
    "get": set(),
    "change": {"directions"},
    "reset-counters": set(),
    "open": {"cost_us"},
}


class Controlled(Protocol):
    """A link, as far as the control socket needs it."""

    @property
    def regions(self) -> tuple[str, str]:
        """Return the regions that the link's directions leave."""
        ...

    def open(self, cost_ns: int) -> None:
        """Let traffic pass; raise ConfigError if the link is open already."""
        ...

    @property
    def settings(self) -> Mapping[str, Setting]:
        """Return the setting of each direction, by the region that it leaves."""
        ...

    def change(self, settings: Mapping[str, Setting]) -> None:
        """Replace the settings of the directions leaving these regions, in one step."""
        ...

    def reset_counters(self) -> None:
        """Set all counters to 0."""
        ...

    def json(self) -> dict[str, Any]:
        """Return the link's state, settings and counters, ready for JSON."""
        ...


def answer(line: bytes, link: Controlled) -> dict[str, Any]:
    """Carry out one request and return the answer; a wrong request changes nothing."""
    try:
        return {"ok": True, "stamp": _do(line, link)} | link.json()
    except ConfigError as error:
        return {"ok": False, "error": str(error)}


def _do(line: bytes, link: Controlled) -> dict[str, Any]:
    request = fields.load_json(line)
    verb = request.get("do") if isinstance(request, dict) else None
    verb = fields.word(verb, "do", [*_VERBS])
    request = fields.table(request, "request", {"do"} | _VERBS[verb], set())
    if verb == "change":
        changes = fields.table(request["directions"], "directions", set(), set(link.regions))
        if not changes:
            raise ConfigError(f"directions: name at least one of {', '.join(link.regions)}")
        settings = link.settings
        link.change({region: read_setting(change, region, settings[region]) for region, change in changes.items()})
    elif verb == "open":
        link.open(round(fields.number(request["cost_us"], "cost_us", 0, 10_000) * 1000))
    elif verb == "reset-counters":
        link.reset_counters()
    return stamp()


def stamp() -> dict[str, Any]:
    """Return the router's time now, by both clocks: the moment at which a change took effect."""
    wall = time.time_ns()
    text = datetime.fromtimestamp(wall / 1e9, UTC).isoformat(timespec="microseconds")
    return {"monotonic_ns": time.monotonic_ns(), "wall_ns": wall, "wall": text}


class ControlSocket:
    """A UNIX socket that serves clients one step at a time, as their descriptors get ready."""

    def __init__(self, path: Path, longest: int = MAX_REQUEST) -> None:
        self._longest = longest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        before = os.umask(0o077)
        try:
            self._listener.bind(str(path))
        finally:
            os.umask(before)
        self._listener.listen(_BACKLOG)
        self._clients: dict[int, tuple[socket.socket, bytearray]] = {}
        self._unsent: dict[int, memoryview] = {}  # the rest of answers longer than the kernel accepts at once

    def fds(self) -> list[int]:
        """Return the file descriptors to watch for reading."""
        return [self._listener.fileno(), *(fd for fd in self._clients if fd not in self._unsent)]

    def unsent(self) -> list[int]:
        """Return the file descriptors to watch for writing: those with an unsent rest."""
        return [*self._unsent]

    def serve(self, fd: int, answering: Callable[[bytes], dict[str, Any]]) -> None:
        """Do one step for a file descriptor that is ready; `answering` returns the answer to a whole request."""
        if fd == self._listener.fileno():
            self._accept()
        elif fd in self._unsent:
            self._send(fd)
        elif fd in self._clients:
            self._read(fd, answering)

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:  # the client has gone, or no descriptor is free
            return
        client.setblocking(False)
        if len(self._clients) >= _MAX_CLIENTS:  # close the oldest, so that it does not lock out others
            self._close(next(iter(self._clients)))
        self._clients[client.fileno()] = (client, bytearray())

    def _read(self, fd: int, answering: Callable[[bytes], dict[str, Any]]) -> None:
        client, pending = self._clients[fd]
        try:
            data = client.recv(self._longest)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(fd)
            return
        pending += data
        line, newline, rest = pending.partition(b"\n")
        if newline:
            pending[:] = rest
            reply = answering(bytes(line))
        elif len(pending) > self._longest:
            reply = {"ok": False, "error": f"request longer than {self._longest} bytes"}
        else:
            return
        # One request a connection: anything after it is not read.
        self._unsent[fd] = memoryview(json.dumps(reply).encode() + b"\n")
        self._send(fd)

    def _send(self, fd: int) -> None:
        """Send as much of an answer as the kernel accepts now; close the connection after the last of it."""
        try:
            sent = self._clients[fd][0].send(self._unsent[fd])
        except BlockingIOError:
            return
        except OSError:  # the client has gone
            self._close(fd)
            return
        self._unsent[fd] = self._unsent[fd][sent:]
        if not self._unsent[fd]:
            self._close(fd)

    def _close(self, fd: int) -> None:
        self._unsent.pop(fd, None)
        self._clients.pop(fd)[0].close()
