"""Requests to the router over one command that keeps running in its container, since to start one is slow.

The engine carries the command's input and output, so no port is open to others.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Mapping
from threading import Lock
from typing import Any

import docker.errors
from requests.exceptions import RequestException

import docker
from lab.emulation.engine.answers import HEAD_BYTES
from lab.emulation.engine.engine import ENGINE_TROUBLE, in_words
from lab.errors import HostError

_COMMAND = ["python3", "/opt/mqlab/relay.py"]
_ANSWER_SECONDS = 30.0  # seconds; an answer takes some milliseconds on an idle machine
_OUTPUT = 1


def why_silent(client: docker.DockerClient, container: str, error: Exception) -> HostError:
    """Return a HostError with the reason why a router cannot be reached, from the engine's error."""
    try:
        its = client.containers.get(container)
    except docker.errors.NotFound:
        return HostError("the router's container has gone", "check whether the lab was removed: mqlab status")
    except ENGINE_TROUBLE as trouble:
        return in_words(trouble)
    if its.status in ("exited", "dead"):
        how = its.attrs["State"]
        memory = ", out of memory" if how["OOMKilled"] else ""
        return HostError(
            f"the router has ended: exit code {how['ExitCode']}{memory}; no packet passes any more",
            "read its last lines: logs/router.log in the run folder, or mqlab logs router while the lab runs",
        )
    if isinstance(error, docker.errors.APIError):
        return HostError(f"the router cannot be reached: {error.explanation or error}")
    return in_words(error)


class Relay:
    """The running command; it is started with the first request, and again if it has ended."""

    def __init__(self, client: docker.DockerClient, container: str) -> None:
        self._client, self._container = client, container
        self._asking = Lock()
        self._stream: Any = None  # of the engine's library; the connection is closed if this is not referenced
        self._socket: socket.socket | None = None
        self._pending = b""

    def ask(self, request: Mapping[str, Any], link: str | None = None) -> dict[str, Any]:
        """Return the answer of a link, or of the policy; raise HostError if the request is refused or not answered."""
        line = json.dumps({"request": request} | ({} if link is None else {"link": link})).encode() + b"\n"
        with self._asking:
            try:
                answer = self._once(line)
            except OSError:  # the router may have been started anew: try once more
                self._close()
                try:
                    answer = self._once(line)
                except OSError as error:
                    self._close()
                    raise HostError(f"the router does not answer: {error}") from error
            except BaseException:  # its late answer would be taken for that of the next request
                self._close()
                raise
        if not answer.get("ok"):
            to = "" if link is None else f" on link {link}"
            raise HostError(f"the router refused {request['do']}{to}: {answer.get('error')}")
        return answer

    def close(self) -> None:
        """End the command."""
        with self._asking:
            self._close()

    def _close(self) -> None:
        for each in (self._socket, self._stream):
            with contextlib.suppress(OSError):
                if each is not None:
                    each.close()
        self._socket, self._stream, self._pending = None, None, b""

    def _once(self, line: bytes) -> dict[str, Any]:
        link = self._socket or self._open()
        link.sendall(line)
        text = b""
        while not text.endswith(b"\n"):
            text += self._part(link)
        answer: dict[str, Any] = json.loads(text)
        return answer

    def _open(self) -> socket.socket:
        try:
            made = self._client.api.exec_create(self._container, _COMMAND, stdin=True)
            self._stream = self._client.api.exec_start(made["Id"], socket=True)
        except (docker.errors.APIError, RequestException) as error:
            raise why_silent(self._client, self._container, error) from error
        link: socket.socket = getattr(self._stream, "_sock", self._stream)
        link.settimeout(_ANSWER_SECONDS)
        self._socket = link
        return link

    def _part(self, link: socket.socket) -> bytes:
        """Return the next part of the command's output; raise HostError with its text if it is on stderr."""
        which, size = (head := self._take(link, HEAD_BYTES))[0], int.from_bytes(head[4:], "big")
        part = self._take(link, size)
        if which != _OUTPUT:
            raise HostError(f"the router's relay failed: {part.decode(errors='replace').strip()[-500:]}")
        return part

    def _take(self, link: socket.socket, size: int) -> bytes:
        while len(self._pending) < size:
            got = link.recv(65536)
            if not got:
                raise OSError("its end of the connection was closed")
            self._pending += got
        taken, self._pending = self._pending[:size], self._pending[size:]
        return taken
