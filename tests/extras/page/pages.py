"""A page of a simulated lab, served over a real socket; the lab and its virtual time have one thread."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from lab import labs
from lab.extras.http_server import HOST, listening, server
from lab.extras.page.desk import Desk
from lab.extras.page.server import TOKEN, Page, new_token
from lab.extras.page.verdicts import Verdicts
from lab.living.history import PAGE
from lab.living.lab import Live

Outcome = TypeVar("Outcome")
STEP = 0.5  # seconds of virtual time that pass before each poll


class Moving(Desk):
    """A desk whose lab goes on a little before each poll."""

    def __init__(self, live: Live, *, read_only: bool = False, verdicts: Verdicts | None = None) -> None:
        super().__init__(live, read_only=read_only, verdicts=verdicts)
        self.polls = self.leavings = 0
        self._lab = live
        self.errors: list[Exception] = []  # that the next polls raise
        self.errors_of_news: list[Exception] = []
        self.errors_of_last_news: list[Exception] = []

    def look(self) -> Mapping[str, Any]:
        """Let time pass, and poll."""
        self.polls += 1
        self._lab.lab.clock.sleep(STEP)
        if self.errors:
            raise self.errors.pop(0)
        return super().look()

    def news(self) -> Mapping[str, Any] | None:
        """Return the news."""
        if self.errors_of_news:
            raise self.errors_of_news.pop(0)
        return super().news()

    def leave(self) -> None:
        """Leave the queues."""
        super().leave()
        self.leavings += 1

    def last_news(self) -> Mapping[str, Any]:
        """Return the last news."""
        if self.errors_of_last_news:
            raise self.errors_of_last_news.pop(0)
        return super().last_news()


class Served:
    """A page, the lab behind it, and requests to it."""

    def __init__(self, port: int, token: str, live: Live, desk: Moving, page: Page, thread: ThreadPoolExecutor) -> None:
        self.port, self.token, self.desk, self.page = port, token, desk, page
        self._live, self._thread = live, thread
        self.url = f"http://{HOST}:{port}/"

    def lab(self, question: Callable[[Live], Outcome]) -> Outcome:
        """Return the answer to a question about the lab, asked in the lab's thread."""
        return self._thread.submit(question, self._live).result(60)

    def request(
        self, method: str, path: str, content: object = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and body of an answer."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        its = self.token if token is None else token
        body = content if isinstance(content, bytes) else None if content is None else json.dumps(content)
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=30)) as connection:
            connection.request(method, path, body, {TOKEN: its, **named})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()

    def act(self, **fields: str) -> tuple[int, Mapping[str, Any]]:
        """Send an act, and return the status and the reply."""
        status, _, body = self.request("POST", "/act", fields)
        return status, json.loads(body)

    @contextmanager
    def stream(self, *kinds: str) -> Iterator[Iterator[Mapping[str, Any]]]:
        """Open the stream, and yield its lines of some kinds, or all but news."""
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=60)) as connection:
            connection.request("GET", "/stream", headers={TOKEN: self.token})
            answer = connection.getresponse()
            assert answer.status == 200
            lines = (json.loads(line) for line in answer if line.strip())
            yield (line for line in lines if (line["kind"] in kinds if kinds else line["kind"] != "news"))


@contextmanager
def served(
    scenario: str | Path,
    runs: Path,
    *,
    read_only: bool = False,
    every: float = 0.05,
    grace: float = 3600.0,
    judged: bool = False,
) -> Iterator[Served]:
    """Serve the page of a simulated lab for the block."""
    with ExitStack() as opened:
        following, thread = (opened.enter_context(ThreadPoolExecutor(1)) for _ in range(2))
        door = opened.enter_context(closing(listening(0)))
        lab = labs.up(scenario, runtime="simulation", runs=runs, by=PAGE)
        live = thread.submit(lab.__enter__).result(60)
        opened.callback(lambda: thread.submit(lab.__exit__, None, None, None).result(60))
        verdicts = Verdicts(live.history.file.path) if judged else None
        desk = thread.submit(Moving, live, read_only=read_only, verdicts=verdicts).result(60)
        opened.callback(lambda: thread.submit(desk.close).result(60))
        port, token = door.getsockname()[1], new_token()
        page = Page(
            desk, port=port, token=token, looking=thread, acting=thread, following=following, every=every, grace=grace
        )
        runs_now = server(page.application)
        serving = threading.Thread(target=runs_now.run, kwargs={"sockets": [door]}, daemon=True)
        serving.start()
        try:
            yield Served(port, token, live, desk, page, thread)
        finally:
            runs_now.should_exit = True
            serving.join()
