"""The calls to an engine: one that has not answered in time is not waited for again before it shows that it answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from requests import PreparedRequest, Request, Response
from requests.exceptions import Timeout

import docker

HUNG = (Timeout, TimeoutError, BlockingIOError)  # of an engine that takes questions, or not even those, and is silent


class Api(docker.APIClient):
    """The library's calls, each with its own patience, as for a broker that stops.

    After one that was in vain an engine is first asked whether it answers at all: one that hangs would keep every
    further call for a minute, and a lab has many parts. A busy one answers that, and has all its time again.
    """

    patience = 10.0  # seconds for the answer of an engine that was silent

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._silent = False

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Send a request and return the answer; raise an error of requests if there is none in time."""
        try:
            if self._silent:
                ping = self.prepare_request(Request("GET", f"{self.base_url}/_ping"))
                super().send(ping, timeout=self.patience)
            answer = super().send(request, **options)
        except Exception as error:
            self._silent = is_silence(error)
            raise
        self._silent = False
        return answer


def is_silence(error: BaseException) -> bool:
    """Return whether an error of the engine's library is a timeout."""
    return any(isinstance(cause, HUNG) for cause in causes(error))


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes; the library hides the first cause two or three layers deep.

    Its `__context__` is not followed: that may be an error of a person's own, whose lab is being closed.
    """
    todo, seen = [error], set[int]()
    while todo:
        cause = todo.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        inside = (cause.__cause__, *cause.args, getattr(cause, "reason", None))
        todo.extend(each for each in inside if isinstance(each, BaseException))
