"""boto3's clients of a simulated lab: requests are answered in the test's own thread, which has the lab's models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from lab.extras.api.dispatching import dispatch
from lab.extras.api.lab_account import LabAccount
from lab.extras.api.wire.http import HttpRequest
from lab.living.lab import Live

_KEY = "MQLABTEST"


class ServedLab:
    """A simulated lab, and the verbs that have begun; `go_on` does the rest of them."""

    def __init__(self, live: Live, kind: Callable[..., LabAccount] = LabAccount, *, local: bool = False) -> None:
        self.begun: list[Callable[[], None]] = []
        self.log: list[str] = []
        self.account = kind(live, later=self.begun.append, log=self.log.append, local=local)

    def go_on(self) -> None:
        while self.begun:
            self.begun.pop(0)()

    def client(self, service: str, region: str) -> Any:
        made = boto3.client(
            service,
            endpoint_url="http://127.0.0.1:1",
            region_name=region,
            aws_access_key_id=_KEY,
            aws_secret_access_key="mqlab",
            config=Config(retries={"total_max_attempts": 1}),
        )
        made.meta.events.register("before-send", self._answer)
        return made

    def _answer(self, request: Any, **_: object) -> AWSResponse:
        parts = urlsplit(request.url)
        headers = {
            name.lower(): each.decode() if isinstance(each, bytes) else str(each)
            for name, each in request.headers.items()
        }
        body = request.body or b""
        asked = HttpRequest(
            method=request.method,
            path=parts.path,
            query=parts.query,
            headers=headers,
            body=body.encode() if isinstance(body, str) else bytes(body),
        )
        answer = dispatch(asked, access_key=_KEY, serve=self.account.serve, now=lambda: datetime.now(UTC)).answer
        return AWSResponse(request.url, answer.status, _Headers(answer.headers), _Body(answer.body))


class _Headers(dict[str, str]):
    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__({name.lower(): text for name, text in headers.items()})


class _Body:
    """A raw answer, as botocore reads it."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def stream(self, *_: object, **__: object) -> list[bytes]:
        return [self._octets]
