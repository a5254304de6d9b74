"""The door of the API: its checks of a request before the request is read, its limits, and its log."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from lab.base.version import __version__
from lab.extras.api.dispatching import Answered, Serve, dispatch, turned_away
from lab.extras.api.refused import ApiRefused
from lab.extras.api.wire.http import HttpRequest
from lab.extras.http_server import Answer, BodyTooLarge, Request, application

MOST_BODY_BYTES = 2**20
MOST_REQUESTS = 32  # at once
BODY_SECONDS = 30.0  # within which a body must have come
HEALTH = "/_mqlab/health"
_CLOSES = {"connection": "close"}


class Door:
    """The application: each request is checked, answered and logged; handlers run one at a time."""

    def __init__(self, *, port: int, access_key: str, serve: Serve, log: Callable[[str], None]) -> None:
        self._port, self._access_key, self._serve, self._log = port, access_key, serve, log
        self._open = 0
        self.application = application(self._carry)

    async def _carry(self, request: Request) -> Answer:
        if request.path == HEALTH:
            return self._health(request)
        self._open += 1
        try:
            answer = (await self._answered(request)).answer
        finally:
            self._open -= 1
        headers = {**answer.headers, **(_CLOSES if answer.status in (408, 413) else {})}
        return Answer(status=answer.status, headers=headers, body=answer.body)

    def _health(self, request: Request) -> Answer:
        status, content = 200, {"status": "running", "mqlab": __version__, "services": ["ec2", "mq", "sts"]}
        if self._not_ours(request) is not None:
            status, content = 403, {"message": "the request is not for this server"}
        elif request.method not in ("GET", "HEAD"):
            status, content = 405, {"message": "write GET"}
        headers = {"content-type": "application/json"}
        return Answer(status=status, headers=headers, body=json.dumps(content).encode())

    async def _answered(self, request: Request) -> Answered:
        began = time.perf_counter()
        body = b""
        why = self._not_ours(request) or (
            ApiRefused("ThrottlingException", f"more than {MOST_REQUESTS} requests at once: try again", 429)
            if self._open > MOST_REQUESTS
            else None
        )
        if why is None:
            try:
                body = await request.body(most=MOST_BODY_BYTES, within=BODY_SECONDS)
            except BodyTooLarge:
                text = f"the body has more than {MOST_BODY_BYTES} bytes"
                why = ApiRefused("RequestEntityTooLarge", text, 413)
            except TimeoutError:
                why = ApiRefused("RequestTimeout", f"the body did not come within {BODY_SECONDS:g} s", 408)
        plain = HttpRequest(
            method=request.method, path=request.path, query=request.query, headers=request.headers, body=body
        )
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
        if not request.is_for(self._port):
            return ApiRefused("AccessDeniedException", "the Host of the request is not this server's", 403)
        if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
            return ApiRefused("AccessDeniedException", "a request of a web page is not accepted", 403)
        return None


def _line(answered: Answered, seconds: float) -> str:
    parts = (answered.service, answered.region, answered.operation, str(answered.answer.status))
    why = answered.refused
    outcome = "" if why is None else f" {why.code}: {why.message}"
    return f"{' '.join(filter(None, parts))} {seconds * 1000:.0f} ms{outcome}"
