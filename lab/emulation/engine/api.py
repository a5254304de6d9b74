"""The calls to an engine: after an incomplete answer the request is repeated, within bounds of time and memory.

One that has not answered in time is not waited for again before it shows that it answers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from requests import PreparedRequest, Request, Response
from requests.exceptions import Timeout

import docker
from lab.emulation.engine import answers
from lab.runtime.clock import RealClock

HUNG = (Timeout, TimeoutError, BlockingIOError)  # of an engine that takes questions, or not even those, and is silent


class Api(docker.APIClient):
    """The library's calls, each with its own patience, as for a broker that stops.

    After one that was in vain an engine is first asked whether it answers at all: one that hangs would keep every
    further call for a minute, and a lab has many parts. A busy one answers that, and has all its time again.
    """

    patience = 5.0  # seconds for the answer of an engine that was silent

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._silent = False

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Send a request and return the answer, whole unless it is a stream; ask again as `answers` decides.

        Raise an error of requests if there is no answer in time, BrokenAnswer if there is none that can be used.
        """
        pause = answers.pauses(request)
        while True:
            outcome: Response | Exception
            try:
                outcome = self._once(request, options)
            except Exception as error:  # noqa: BLE001 (which of them is asked again is decided in one place)
                outcome = error
            seconds = pause(outcome)
            if seconds is not None:
                RealClock().sleep(seconds)
            elif isinstance(outcome, Exception):
                raise outcome
            else:
                return outcome

    def _once(self, request: PreparedRequest, options: dict[str, Any]) -> Response:
        streams = bool(options.get("stream"))
        options = {**options, "stream": True, "allow_redirects": False}
        if request.method == "GET" and not streams:
            options["timeout"] = _bounded(options.get("timeout"))
        try:
            if self._silent:
                ping = self.prepare_request(Request("GET", f"{self.base_url}/_ping"))
                super().send(ping, timeout=self.patience, stream=True).close()
            began = time.monotonic()
            answer = super().send(request, **options)
            if not streams or answer.status_code >= 300:
                answers.take_whole(answer, began if request.method == "GET" else time.monotonic())
        except Exception as error:
            self._silent = is_silence(error)
            raise
        self._silent = False
        return answer

    def run(
        self, container: str, command: Sequence[str], environment: Mapping[str, str], user: str, lasts: float
    ) -> tuple[int | None, bytes]:
        """Run a command in a container; return its exit code, None if the engine has none, and its output.

        Raise an error if it has not ended some time after `lasts` seconds.
        """
        until = time.monotonic() + lasts + answers.READ_SECONDS
        made = self.exec_create(container, list(command), environment=dict(environment), user=user)["Id"]
        headers = {"Connection": "Upgrade", "Upgrade": "tcp"}
        begun = {"Tty": False, "Detach": False}
        library: Any = self  # whose names for this are private
        url = library._url("/exec/{0}/start", made)
        with library._post_json(url, headers=headers, data=begun, stream=True) as response:
            library._raise_for_status(response)
            output = answers.output_of(response, until)
        for seconds in answers.PAUSE_SECONDS:
            if not self.exec_inspect(made)["Running"]:
                break
            RealClock().sleep(seconds)  # its output has ended, and a busy engine does not know yet that the command has
        return self.exec_inspect(made)["ExitCode"], output

    def _stream_helper(self, response: Response, decode: bool = False) -> Any:
        """Return the objects of a stream of JSON, as the library does, in bounded memory."""
        return answers.json_lines(response) if decode else super()._stream_helper(response)  # type: ignore[misc]


def _bounded(timeout: Any) -> Any:
    """Return a timeout of requests, by which an answer to a question that changes nothing begins in time."""
    if isinstance(timeout, tuple):
        return timeout
    return answers.READ_SECONDS if timeout is None else min(timeout, answers.READ_SECONDS)


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
