"""An HTTP server on 127.0.0.1: connections, their limits, requests and answers as plain values.

Starlette and uvicorn are touched here alone.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import field
from typing import Any

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response, StreamingResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from lab.base.dataclass import dataclass
from lab.errors import HostError, InputError

HOST = "127.0.0.1"
IDLE_SECONDS = 60  # after which an idle connection is closed
SILENT_SECONDS = 30.0  # within which a connection must have its first request
LAGGING_SECONDS = 20.0  # after which a connection whose client takes nothing of an answer is dropped
MOST_CONNECTIONS = 512


class BodyTooLarge(Exception):
    """The body of a request has more bytes than are accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request whose body has not been read; `path` has its percent signs, and names of headers are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    parts: Callable[[], AsyncIterator[bytes]] = field(repr=False)

    def is_for(self, port: int) -> bool:
        """Return whether the request names this machine and the port as its host."""
        return self.headers.get("host", "").lower() in {f"{name}:{port}" for name in (HOST, "localhost", "[::1]")}

    async def body(self, *, most: int, within: float) -> bytes:
        """Return the body; raise BodyTooLarge for more than `most` bytes, TimeoutError after so many seconds."""
        length = self.headers.get("content-length", "")
        if length.isdigit() and len(length) < 20 and int(length) > most:
            raise BodyTooLarge
        body = bytearray()
        async with asyncio.timeout(within):
            async for part in self.parts():
                body += part
                if len(body) > most:
                    raise BodyTooLarge
        return bytes(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer; the parts of a body that is a stream are sent as they come."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | AsyncIterator[bytes] = b""


Application = Callable[[Any, Any, Any], Awaitable[None]]


def application(answer: Callable[[Request], Awaitable[Answer]]) -> Application:
    """Return the application in which each request is answered by a function; clients that go away are forgotten."""

    async def carry(scope: Any, receive: Any, send: Any) -> None:
        came = StarletteRequest(scope, receive)
        request = Request(
            method=came.method,
            path=scope.get("raw_path", b"").decode("ascii", "replace").partition("?")[0],
            query=scope.get("query_string", b"").decode("latin-1"),
            headers=dict(came.headers),
            parts=came.stream,
        )
        try:
            its = await answer(request)
        except ClientDisconnect:
            return
        kind = Response if isinstance(its.body, bytes) else StreamingResponse
        await kind(its.body, status_code=its.status, headers=dict(its.headers))(scope, receive, send)  # type: ignore[arg-type]

    return carry


def listening(port: int, *, free: str = "4510") -> socket.socket:
    """Return a socket that listens on a port of 127.0.0.1, any free one for 0; raise InputError if it is taken.

    `free` is a port that the error proposes.
    """
    # Of a socket that does not name TCP, asyncio leaves Nagle's algorithm on, which costs 40 ms for each answer.
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with suppress(OSError):  # not on every system
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((HOST, port))
        opened.listen(128)
    except OSError as error:
        opened.close()
        if isinstance(error, PermissionError):
            raise HostError(f"{HOST}:{port}: this user may not listen there", f"write --port {free}") from error
        raise InputError.of(f"{HOST}:{port}: another program listens there", "write --port with a free port") from error
    return opened


def server(served: Application, *, silent: float = SILENT_SECONDS, lagging: float = LAGGING_SECONDS) -> uvicorn.Server:
    """Return the server of an application; `run(sockets=[…])` serves until a signal, or until `should_exit` is set.

    A connection whose first request has not come `silent` seconds after its beginning is closed. A connection is
    dropped whose client takes nothing of a full buffer for `lagging` seconds.
    """

    class Impatient(H11Protocol):
        """A connection of a client."""

        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Begin, and see to the end of a connection that stays silent."""
            super().connection_made(transport)
            asyncio.get_running_loop().call_later(silent, self.close_if_silent)

        def close_if_silent(self) -> None:
            """Close the connection if no request has come."""
            if self.cycle is None:
                self.transport.close()

        def pause_writing(self) -> None:
            """Wait for a client that does not read, but not for ever."""
            super().pause_writing()
            self._late = asyncio.get_running_loop().call_later(lagging, self.transport.abort)

        def resume_writing(self) -> None:
            """Go on writing."""
            if self._late is not None:
                self._late.cancel()
            super().resume_writing()

        def connection_lost(self, exc: Exception | None) -> None:
            """End, with the wait for the client."""
            if self._late is not None:
                self._late.cancel()
            super().connection_lost(exc)

    config = uvicorn.Config(
        served,
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=64 * 1024,
        loop="asyncio",
        limit_concurrency=MOST_CONNECTIONS,
        http=Impatient,
    )
    return uvicorn.Server(config)
