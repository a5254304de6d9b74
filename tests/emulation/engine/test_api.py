"""An engine that did not answer in time is not waited for again before it shows that it answers."""

from __future__ import annotations

import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from lab.emulation.engine import engine
from lab.emulation.engine.api import Api
from tests.answering import Answering


class Moody(socketserver.ThreadingUnixStreamServer):
    """An engine that takes questions, and keeps some without an answer until it is told to go on."""

    daemon_threads = True
    silent_on: tuple[str, ...] = ()

    def __init__(self, path: str) -> None:
        super().__init__(path, _Says)
        self.asked: list[str] = []
        self.ends = threading.Event()


class _Says(Answering):
    server: Moody

    def do_GET(self) -> None:
        self.server.asked.append(what := self.path.rpartition("/")[2])
        if what in self.server.silent_on:
            self.server.ends.wait()
            return
        super().do_GET()


@contextmanager
def moody() -> Iterator[tuple[Moody, Api]]:
    """Serve such an engine, and yield it with the calls of a client that is soon impatient with it."""
    with tempfile.TemporaryDirectory() as short, Moody(f"{short}/engine") as serving:  # a socket's path is short
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        client = engine.connect({"DOCKER_HOST": f"unix://{short}/engine"})
        assert isinstance(client.api, Api)
        client.api.timeout, client.api.patience = 1, 1.0
        serving.asked.clear()
        yield serving, client.api
        serving.ends.set()
        client.close()
        serving.shutdown()


def test_one_that_hangs_is_only_asked_whether_it_answers() -> None:
    with moody() as (its, api):
        its.silent_on = ("info", "_ping")
        for _ in range(2):
            with pytest.raises(requests.exceptions.ReadTimeout):
                api.info()
        assert its.asked == ["info", "_ping"]


def test_one_that_was_busy_has_all_its_time_again() -> None:
    with moody() as (its, api):
        its.silent_on = ("info",)
        with pytest.raises(requests.exceptions.ReadTimeout):
            api.info()
        its.silent_on = ()
        for _ in range(2):
            assert api.info()["Os"] == "linux"
        assert its.asked == ["info", "_ping", "info", "info"]
