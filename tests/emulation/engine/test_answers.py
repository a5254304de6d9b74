"""An engine that answers half, empty, late, wrongly or without end: it is asked again, or named within bounds."""

from __future__ import annotations

import json
import socketserver
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import docker.errors
import pytest
from requests import PreparedRequest, Response

from lab.emulation.engine import answers, engine, labelled_labs, logs
from lab.emulation.engine.answers import BrokenAnswer
from lab.emulation.engine.api import Api
from lab.errors import HostError, LabError

VERSION = {"Version": "28.0", "ApiVersion": "1.44", "Os": "linux"}
ROUTER = {
    "Id": "c1",
    "Name": "/router",
    "Config": {"Labels": {}},
    "HostConfig": {},
    "State": {"Status": "running"},
    "NetworkSettings": {"Networks": None},
}
GONE = {"message": "No such container: c1"}


def reply(said: object, status: int = 200, **heads: Any) -> bytes:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return head(status, **{"Content-Length": str(len(body)), **heads}) + body


def head(status: int = 200, /, **heads: Any) -> bytes:
    lines = [f"HTTP/1.1 {status} Any", "Content-Type: application/json", *(f"{k}: {v}" for k, v in heads.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(output: bytes) -> bytes:
    return bytes((1, 0, 0, 0)) + len(output).to_bytes(4, "big") + output


class Engine(socketserver.ThreadingUnixStreamServer):
    """An engine that answers with bytes as they are, one after another for each path, the last one for ever."""

    daemon_threads = True

    def __init__(self, path: str) -> None:
        super().__init__(path, _Connection)
        self.asked: list[str] = []
        self.told: dict[str, list[bytes | Iterator[bytes]]] = {"/version": [reply(VERSION)]}

    def answer(self, path: str) -> bytes | Iterator[bytes]:
        self.asked.append(path)
        told = self.told.get(path, [reply({"message": "page not found"}, 404)])
        return told.pop(0) if len(told) > 1 else told[0]


class _Connection(socketserver.StreamRequestHandler):
    server: Engine

    def handle(self) -> None:
        request = self.rfile.readline().decode()
        length = 0
        while (line := self.rfile.readline().strip().lower()) != b"":
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self.rfile.read(length)
        path = request.split()[1].partition("?")[0] if request else ""
        said = self.server.answer(path.removeprefix("/v1.44").removeprefix("/v1.41"))
        try:
            for portion in [said] if isinstance(said, bytes) else said:
                self.wfile.write(portion)
        except OSError:
            pass  # the client has had enough


@contextmanager
def serving() -> Iterator[tuple[Engine, Any]]:
    with tempfile.TemporaryDirectory() as short, Engine(f"{short}/engine") as its:  # a socket's path is short
        threading.Thread(target=its.serve_forever, args=(0.01,), daemon=True).start()
        client = engine.connect({"DOCKER_HOST": f"unix://{short}/engine"})
        its.asked.clear()
        yield its, client
        client.close()
        its.shutdown()


@pytest.mark.parametrize(
    "broken",
    [
        reply(b""),
        b"",
        reply(ROUTER)[:-20],
        reply(json.dumps(ROUTER)[:-20].encode()),
        reply({}),
        reply([]),
        reply(None),
        reply(GONE, 404),
        head(**{"Transfer-Encoding": "chunked"}) + b"ff\r\n{",
    ],
    ids=["empty", "closed", "cut short", "half JSON", "no keys", "a list", "null", "absent", "half a chunk"],
)
def test_a_question_that_changes_nothing_is_asked_again(broken: bytes) -> None:
    with serving() as (its, client):
        its.told["/containers/c1/json"] = [broken, broken, reply(ROUTER)]
        assert client.containers.get("c1").name == "router"
        assert its.asked == ["/containers/c1/json"] * 3


def test_a_request_that_changes_something_is_sent_once() -> None:
    with serving() as (its, client):
        its.told["/containers/c1/json"] = [reply(ROUTER)]
        its.told["/networks/create"] = [reply(b"")]
        with pytest.raises(HostError, match="does not answer as its API says"), engine.explained():
            client.api.create_network("n")
        assert its.asked == ["/networks/create"]


def test_an_answer_has_the_shape_of_its_method() -> None:
    with serving() as (its, client):
        its.told |= {
            "/networks/create": [reply({"Id": "n1", "Warning": ""}, 201)],
            "/networks/n1": [head(204)],
            "/containers/c1/start": [head(204)],
        }
        assert client.api.create_network("n")["Id"] == "n1"
        client.api.remove_network("n1")
        client.api.start("c1")


def test_an_engine_that_is_empty_for_ever_is_named_with_a_remedy() -> None:
    with serving() as (its, client):
        its.told["/containers/json"] = [reply(b"")]
        with pytest.raises(HostError) as caught, engine.explained():
            client.containers.list()
        assert caught.value.what == (
            "the Docker engine does not answer as its API says: its answer to /containers/json is empty"
        )
        assert caught.value.remedy.startswith("run the command again if the machine is very busy")
        assert len(its.asked) == 1 + len(answers.PAUSE_SECONDS)


def test_a_container_that_is_absent_every_time_is_absent() -> None:
    with serving() as (its, client):
        its.told["/containers/c1/json"] = [reply(GONE, 404)]
        with pytest.raises(docker.errors.NotFound, match="No such container: c1"):
            client.containers.get("c1")
        assert len(its.asked) == 1 + len(answers.ABSENT_PAUSE_SECONDS)


@pytest.mark.parametrize(
    ("path", "wrong", "why"),
    [
        ("/containers/json", {"message": "hello"}, "the answer is not a list"),
        ("/containers/json", [{"Id": 7}], "Id is 7"),
        ("/containers/json", b"<html>a proxy</html>", "is not JSON"),
        ("/networks", [[]], "an entry is not an object"),
        ("/volumes", {"Volumes": {}}, "Volumes is"),
        ("/volumes", {"Volumes": [None]}, "an entry is not an object"),
        ("/containers/json", b"[" * 100_000, "is not JSON"),
    ],
)
def test_a_wrong_shape_is_named(path: str, wrong: object, why: str) -> None:
    with serving() as (its, client):
        its.told |= {"/containers/json": [reply([])], "/networks": [reply([])], path: [reply(wrong)]}
        with pytest.raises(HostError, match=rf"its answer to {path} .*{why}"), engine.explained():
            labelled_labs.find(client)


def test_an_engine_that_ignores_filters_has_no_lab() -> None:
    with serving() as (its, client):
        its.told |= {
            "/containers/json": [reply([{"Id": "c1"}])],
            "/containers/c1/json": [reply(ROUTER)],
            "/networks": [reply([{"Id": "n1", "Name": "mine", "Labels": None}])],
            "/volumes": [reply({"Volumes": [{"Name": "mine", "Labels": None}]})],
        }
        assert labelled_labs.find(client) == ()


@pytest.mark.parametrize("said", [[], {"message": 7}, {}, b"<html>" + b"x" * 10_000_000])
def test_a_refusal_is_named_whatever_its_shape(said: object) -> None:
    with serving() as (its, client):
        its.told["/info"] = [reply(said, 500)]
        with pytest.raises(HostError, match="the Docker engine refused a request") as caught, engine.explained():
            client.info()
        assert len(caught.value.what) < 700


def test_another_address_is_not_followed() -> None:
    with serving() as (its, client):
        its.told["/info"] = [reply({}, 301, Location="http://192.0.2.1/info")]
        with pytest.raises(BrokenAnswer, match="another address"):
            client.info()
        assert its.asked == ["/info"]


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_without_end_takes_bounded_memory(chunked: bool, status: int) -> None:
    def endless() -> Iterator[bytes]:
        body = b"[" * 2**16
        heads = {"Transfer-Encoding": "chunked"} if chunked else {}
        yield head(status, **heads)
        while True:
            yield (b"%x\r\n" % len(body)) + body + b"\r\n" if chunked else body

    with serving() as (its, client):
        its.told["/containers/json"] = [endless()]
        tracemalloc.start()
        try:
            with pytest.raises(HostError, match="is longer than" if status == 200 else "refused"), engine.explained():
                client.containers.list()
            assert tracemalloc.get_traced_memory()[1] < 4 * answers.MOST_BYTES
        finally:
            tracemalloc.stop()
        assert its.asked == ["/containers/json"]


class Trickle:
    """The body of an answer that comes byte by byte, as urllib3 gives it."""

    length_remaining = None

    def __init__(self, passes: Callable[[], None]) -> None:
        self._passes = passes

    def read1(self, _: int, decode_content: bool) -> bytes:
        self._passes()
        return b" "


def test_an_answer_that_comes_byte_by_byte_ends_in_time() -> None:
    moment = 0.0

    def a_second() -> None:
        nonlocal moment
        moment += 1.0

    answer = Response()
    answer.status_code, answer.raw = 200, Trickle(a_second)
    answer.request = PreparedRequest()
    answer.request.prepare("GET", "http://engine/v1.44/info")
    answer.close = lambda: None  # type: ignore[method-assign]
    with pytest.raises(BrokenAnswer, match="did not end within 25 s"):
        answers.take_whole(answer, 0.0, lambda: moment)
    assert answers.READ_SECONDS + Api.patience <= 30 and moment <= 30


@pytest.mark.parametrize("said", [reply([]), reply(b""), reply(b"x"), reply({"Version": 1}), b"", b"SSH-2.0-x\r\n"])
def test_no_engine_at_all_is_named(said: bytes) -> None:
    with tempfile.TemporaryDirectory() as short, Engine(f"{short}/engine") as its:
        threading.Thread(target=its.serve_forever, args=(0.01,), daemon=True).start()
        its.told["/version"] = [said]
        with pytest.raises(LabError) as caught:
            engine.connect({"DOCKER_HOST": f"unix://{short}/engine"})
        assert f"{short}/engine" in caught.value.what and caught.value.remedy
        its.shutdown()


def test_an_output_that_comes_together_with_its_head_is_not_lost() -> None:
    with serving() as (its, client):
        switched = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        its.told |= {
            "/containers/c1/exec": [reply(b""), reply({"Id": "e1"}, 201)],
            "/exec/e1/start": [switched + frame(b"cubic\n") + frame(b"bbr\n")],
            "/exec/e1/json": [reply({"ExitCode": 0, "Running": False})],
        }
        assert client.api.run("c1", ["cat"], {}, "", 0.0) == (0, b"cubic\nbbr\n")


@pytest.mark.parametrize(
    ("output", "why"), [(frame(b"cubic\n")[:-2], "cut short"), (frame(b"x" * 2**20) * 40, "is longer than")]
)
def test_half_an_output_and_one_without_end_are_named(output: bytes, why: str) -> None:
    with serving() as (its, client):
        switched = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        its.told |= {"/containers/c1/exec": [reply({"Id": "e1"}, 201)], "/exec/e1/start": [switched + output]}
        with pytest.raises(BrokenAnswer, match=why):
            client.api.run("c1", ["cat"], {}, "", 0.0)


def test_a_command_whose_end_a_busy_engine_does_not_know_yet_is_asked_about_again() -> None:
    with serving() as (its, client):
        switched = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        runs, ended = ({"ExitCode": None, "Running": True}, {"ExitCode": 7, "Running": False})
        its.told |= {
            "/containers/c1/exec": [reply({"Id": "e1"}, 201)],
            "/exec/e1/start": [switched + frame(b"no\n")],
            "/exec/e1/json": [reply(runs), reply(ended)],
        }
        assert client.api.run("c1", ["cat"], {}, "", 0.0) == (7, b"no\n")


@pytest.mark.parametrize(
    ("lines", "why"),
    [(b"x" * 2**21, "is too long"), (b'{"stream": "a"}\r\nnonsense\r\n', "not JSON"), (b"[]\n", "not an object")],
)
def test_a_stream_of_the_wrong_shape_is_named(lines: bytes, why: str) -> None:
    with serving() as (its, client):
        its.told["/images/create"] = [reply(lines)]
        with pytest.raises(BrokenAnswer, match=why):
            list(client.api.pull("debian", tag="slim", stream=True, decode=True))


def test_a_stream_is_read_line_by_line() -> None:
    with serving() as (its, client):
        its.told["/images/create"] = [reply(b'{"status": "a"}\r\n{"status": "b"}')]
        said = list(client.api.pull("debian", tag="slim", stream=True, decode=True))
        assert said == [{"status": "a"}, {"status": "b"}]


def test_a_line_of_a_log_without_end_is_cut() -> None:
    came = list(logs.whole_lines([b"x" * 2**20, b"y", b"z\n"]))
    assert came == ["x" * 2**20 + "y", "z"]


def test_a_command_that_never_ends_is_named() -> None:
    with serving() as (its, client):
        ends = threading.Event()

        def silent() -> Iterator[bytes]:
            yield b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
            ends.wait()

        its.told |= {"/containers/c1/exec": [reply({"Id": "e1"}, 201)], "/exec/e1/start": [silent()]}
        with pytest.raises(HostError, match="does not answer any more"), engine.explained():
            client.api.run("c1", ["cat"], {}, "", -answers.READ_SECONDS)
        ends.set()
