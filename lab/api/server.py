"""The HTTP server of the API: its limits, its checks of a request before the request is read, and its log.

Starlette and uvicorn are of the extra mqlab[serve], and touched here alone.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from lab.api.dispatching import Answered, Serve, dispatch, turned_away
from lab.api.refused import ApiRefused
from lab.api.wire.http import HttpRequest
from lab.errors import HostError, InputError
from lab.version import __version__

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Mount, Route
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ImportError as missing:
    raise HostError("Starlette and uvicorn are not installed", "pip install 'mqlab[serve]'") from missing

HOST = "127.0.0.1"
MOST_BODY_BYTES = 2**20
MOST_REQUESTS = 32  # at once
BODY_SECONDS = 30.0  # within which a body must have come
IDLE_SECONDS = 60  # after which an idle connection is closed
SILENT_SECONDS = 30.0  # within which a connection must have its first request
MOST_CONNECTIONS = 512
_CLOSES = {"connection": "close"}


class Door:
    """The application: each request is checked, answered and logged; handlers run one at a time."""

    def __init__(self, *, port: int, access_key: str, serve: Serve, log: Callable[[str], None]) -> None:
        self._hosts = {f"{name}:{port}" for name in (HOST, "localhost", "[::1]")}
        self._access_key, self._serve, self._log = access_key, serve, log
        self._open = 0
        self.application = Starlette(routes=[Route("/_mqlab/health", self._health), Mount("/", app=self._carry)])

    async def _health(self, request: Request) -> Response:
        if self._not_ours(request) is not None:
            return JSONResponse({"message": "the request is not for this server"}, status_code=403)
        return JSONResponse({"status": "running", "mqlab": __version__, "services": ["ec2", "mq", "sts"]})

    async def _carry(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        self._open += 1
        try:
            answered = await self._answered(request)
        except ClientDisconnect:
            return
        finally:
            self._open -= 1
        answer = answered.answer
        headers = {**answer.headers, **(_CLOSES if answer.status in (408, 413) else {})}
        await Response(answer.body, status_code=answer.status, headers=headers)(scope, receive, send)

    async def _answered(self, request: Request) -> Answered:
        began = time.perf_counter()
        plain = HttpRequest(
            method=request.method,
            path=request.scope.get("raw_path", b"").decode("ascii", "replace").partition("?")[0],
            query=request.url.query,
            headers=dict(request.headers),
        )
        why = self._not_ours(request) or (
            ApiRefused("ThrottlingException", f"more than {MOST_REQUESTS} requests at once: try again", 429)
            if self._open > MOST_REQUESTS
            else None
        )
        if why is None:
            try:
                plain = HttpRequest(
                    method=plain.method,
                    path=plain.path,
                    query=plain.query,
                    headers=plain.headers,
                    body=await _body(request),
                )
            except ApiRefused as error:
                why = error
        answered = self.done(plain) if why is None else turned_away(plain, why)
        self._log(_line(answered, time.perf_counter() - began))
        return answered

    def done(self, request: HttpRequest) -> Answered:
        """Return the answer to a whole request; a fault of mqlab is a refusal, and a line of the log."""
        try:
            return dispatch(request, access_key=self._access_key, serve=self._serve, now=lambda: datetime.now(UTC))
        except Exception as error:  # noqa: BLE001 - a fault answered with 500 is repeated by clients, as if it hung
            where = traceback.extract_tb(error.__traceback__)[-1]
            self._log(f"a fault of mqlab: {type(error).__name__} at {where.name}, line {where.lineno}")
            return turned_away(request, ApiRefused("InternalFailure", "a fault of mqlab: report it, with the log"))

    def _not_ours(self, request: Request) -> ApiRefused | None:
        if request.headers.get("host", "").lower() not in self._hosts:
            return ApiRefused("AccessDeniedException", "the Host of the request is not this server's", 403)
        if "origin" in request.headers:
            return ApiRefused("AccessDeniedException", "a request of a web page is not accepted", 403)
        return None


def listening(port: int) -> socket.socket:
    """Return a socket that listens on a port of 127.0.0.1, any free one for 0; raise InputError if it is taken."""
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
            raise HostError(f"{HOST}:{port}: this user may not listen there", "write --port 4510") from error
        raise InputError.of(f"{HOST}:{port}: another program listens there", "write --port with a free port") from error
    return opened


def server(door: Door, *, silent: float = SILENT_SECONDS) -> uvicorn.Server:
    """Return the server of a door; `run(sockets=[…])` serves until a signal, or until `should_exit` is set.

    A connection whose first request has not come `silent` seconds after its beginning is closed.
    """

    class Impatient(H11Protocol):
        """A connection of a client."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Begin, and see to the end of a connection that stays silent."""
            super().connection_made(transport)
            asyncio.get_running_loop().call_later(silent, self.close_if_silent)

        def close_if_silent(self) -> None:
            """Close the connection if no request has come."""
            if self.cycle is None:
                self.transport.close()

    config = uvicorn.Config(
        door.application,
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


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdigit() and len(length) < 20 and int(length) > MOST_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > MOST_BODY_BYTES:
                    raise _too_large()
    except TimeoutError:
        raise ApiRefused("RequestTimeout", f"the body did not come within {BODY_SECONDS:g} s", 408) from None
    return bytes(body)


def _too_large() -> ApiRefused:
    return ApiRefused("RequestEntityTooLarge", f"the body has more than {MOST_BODY_BYTES} bytes", 413)


def _line(answered: Answered, seconds: float) -> str:
    parts = (answered.service, answered.region, answered.operation, str(answered.answer.status))
    why = answered.refused
    outcome = "" if why is None else f" {why.code}: {why.message}"
    return f"{' '.join(filter(None, parts))} {seconds * 1000:.0f} ms{outcome}"
