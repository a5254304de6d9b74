"""The page's server over a real socket: who may ask, and which lines and acts come of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.errors import HostError, InputError
from lab.history import LinkChanged, StepStarted
from lab.history.reading import read
from lab.page.server import MOST_BODY_BYTES, TOKEN

from .pages import Served, served

PATHS = ("/", "/live.js", "/live.css")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served("tokyo-singapore", tmp_path_factory.mktemp("runs")) as its:
        yield its


def wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.01)


def problem(answer: tuple[int, object, bytes]) -> tuple[int, str]:
    return answer[0], json.loads(answer[2])["problem"]


def test_the_files_need_no_token_and_have_no_data(page: Served) -> None:
    for path in PATHS:
        status, headers, body = page.request("GET", path, token="")
        assert status == 200 and headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in headers["content-security-policy"]
        for text in (page.token, page.desk.run, "tokyo"):
            assert text.encode() not in body
    assert b"<script>" not in page.request("GET", "/")[2] and b" style=" not in page.request("GET", "/")[2]


@pytest.mark.parametrize("token", ["", "x", "é"])
def test_all_data_and_all_acts_need_the_token(page: Served, token: str) -> None:
    wrong = token.encode().decode("latin-1")
    for method, path in (("GET", "/stream"), ("POST", "/act")):
        status, text = problem(page.request(method, path, {}, token=wrong))
        assert (status, text) == (401, "the token is wrong: open the address that mqlab page has printed")


def test_a_token_in_the_address_or_in_a_cookie_is_none(page: Served) -> None:
    assert page.request("GET", f"/stream?token={page.token}", token="")[0] == 401
    assert page.request("GET", "/stream", token="", Cookie=f"{TOKEN}={page.token}; token={page.token}")[0] == 401


@pytest.mark.parametrize("path", [*PATHS, "/stream", "/act"])
def test_another_host_or_another_page_is_refused_with_the_token_too(page: Served, path: str) -> None:
    method = "POST" if path == "/act" else "GET"
    for host in ("evil.example", f"evil.example:{page.port}", "127.0.0.1", "127.0.0.1:1"):
        assert problem(page.request(method, path, Host=host))[0] == 403
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{page.port}", "http://127.0.0.1:1"):
        assert problem(page.request(method, path, Origin=origin))[0] == 403
    if path != "/":
        assert problem(page.request(method, path, Sec_Fetch_Site="cross-site"))[0] == 403


def test_its_own_origin_is_accepted_under_each_name_of_this_machine(page: Served) -> None:
    for name in ("127.0.0.1", "localhost", "[::1]"):
        host = f"{name}:{page.port}"
        answer = page.request("POST", "/act", {"act": "x"}, Host=host, Origin=f"http://{host}")
        assert problem(answer)[0] == 409


def test_other_paths_and_methods_are_refused(page: Served) -> None:
    assert page.request("GET", "/../pages.py")[0] == 404
    assert page.request("GET", "/favicon.ico")[0] == 404
    assert page.request("OPTIONS", "/act", Origin="http://evil.example")[0] == 403
    assert page.request("GET", "/act")[0] == 405
    assert page.request("POST", "/")[0] == 405


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff", 400),
        (b"[" * 50_000, 400),
        (b"[]", 409),
        (b'"cut"', 409),
        (b'{"act": "cut"}', 409),
        (b'{"act": "cut", "link": 1}', 409),
        (b'{"act": "cut", "link": "nowhere"}', 409),
        (b'{"act": "cut", "link": "tokyo-singapore", "at": "1s"}', 409),
        (b'{"act": "delete-broker", "broker": "tokyo"}', 409),
        (b'{"act": "kill", "broker": "osaka"}', 409),
        (b'{"act": "kill", "broker": "tokyo", "instance": "7"}', 409),
        (b'{"act": "delay", "link": "tokyo-singapore", "ms": "nan"}', 409),
        (b'{"act": "delay", "link": "tokyo-singapore", "ms": "60001"}', 409),
        (b'{"act": "publish", "broker": "tokyo", "body": "x"}', 409),
        (b'{"act": "publish", "broker": "tokyo", "body": "x", "topic": "a.>"}', 409),
        (b"x" * (MOST_BODY_BYTES + 1), 413),
    ],
)
def test_a_request_that_is_no_act_is_refused_and_changes_nothing(page: Served, body: bytes, status: int) -> None:
    before = page.lab(lambda live: live.links())
    found, text = problem(page.request("POST", "/act", body))
    assert found == status and text and "fault of mqlab" not in text
    assert page.lab(lambda live: live.links()) == before


def test_a_cut_is_the_verb_of_everybody_with_the_door_page(page: Served) -> None:
    with page.stream() as lines:
        link = next(part for part in next(lines)["parts"] if part[0] == "link")
        assert link[3] == ["well", "", "well", "well"]
        status, reply = page.act(act="cut", link="tokyo-singapore")
        assert (status, reply["note"]) == (200, "done")
        assert reply["command"] == f"mqlab link cut tokyo-singapore --run {page.desk.run}"
        cut = ["link", 0, ["tokyo", "singapore"], ["shut", "cut", "shut", "shut"], 0]
        assert any(cut in state["parts"] for state in lines)
        assert [way.state for way in page.lab(lambda live: live.links())] == ["cut", "cut"]
        seen = read(page.lab(lambda live: live.history.file.path)).observations
        (step,) = (each for each in seen if isinstance(each, StepStarted) and each.asked == "cut link tokyo-singapore")
        assert step.by == "page" and sum(isinstance(each, LinkChanged) and each.state == "cut" for each in seen) == 2
        assert page.act(act="heal", link="tokyo-singapore")[0] == 200


def test_a_new_delay_keeps_the_rest_of_the_impairment(page: Served) -> None:
    page.lab(lambda live: live.impair(leaving="tokyo", delay="10ms", loss="1%"))
    status, reply = page.act(act="delay", link="tokyo-singapore", ms="80")
    its = f"--run {page.desk.run}"
    assert (status, reply["command"].split(" && ")) == (
        200,
        [
            f"mqlab link impair tokyo-singapore --leaving tokyo --delay 80ms --loss 1% {its}",
            f"mqlab link impair tokyo-singapore --leaving singapore --delay 80ms {its}",
        ],
    )
    assert [way.impairment for way in page.lab(lambda live: live.links())] == ["delay 80ms, loss 1%", "delay 80ms"]


def test_the_map_comes_once_and_again_when_it_is_another_one(page: Served) -> None:
    page.act(act="delay", link="tokyo-singapore", ms="30")
    with page.stream() as lines:
        first, second = next(lines), next(lines)
        assert "60.0 ms configured" in first["svg"] and "svg" not in second
        page.act(act="delay", link="tokyo-singapore", ms="40")
        assert "80.0 ms configured" in next(line["svg"] for line in lines if "svg" in line)


def test_the_lab_is_polled_only_while_a_stream_is_open(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path) as page:
        for path in PATHS:
            page.request("GET", path)
        assert page.desk.polls == 0 and page.page.rests
        with page.stream() as lines, page.stream() as others:
            first, other = next(lines), next(others)
            assert abs(first["t"] - other["t"]) <= 1.0  # one poll serves both
            assert not page.page.rests
        wait(lambda: page.page.rests)
        polls = page.desk.polls
        page.request("GET", "/")
        assert page.desk.polls == polls
        with page.stream() as lines:
            assert next(lines)["t"] > first["t"]  # not the poll from before the rest


def test_a_page_that_only_shows_refuses_every_act(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path, read_only=True) as page:
        with page.stream() as lines:
            state = next(lines)
        assert state["readOnly"] is True
        rows = [row for table in state["tables"] for row in table["rows"]]
        assert rows and all(row["acts"] == [] and row["delay"] is None for row in rows)
        answer = page.request("POST", "/act", {"act": "cut", "link": "tokyo-singapore"})
        assert problem(answer) == (403, "this page only shows")
        assert page.lab(lambda live: live.links()[0].state) == "open"


def test_a_password_is_in_no_line_and_in_no_reply(page: Served) -> None:
    secret = page.lab(lambda live: min(live.lab.mask().secrets))
    status, reply = page.act(act="publish", broker="tokyo", queue=f"a.{secret}", body=secret)
    assert status == 200 and secret not in json.dumps(reply)
    page.lab(lambda live: live.mark(f"the password {secret}"))
    with page.stream() as lines:
        text = json.dumps([next(lines), next(lines)])
    assert secret not in text and "a." in text


def test_a_lab_that_cannot_be_polled_is_said_to_be_so_and_polled_again(page: Served) -> None:
    page.desk.errors += [HostError("Docker does not answer", "start Docker"), ValueError("secret")]
    with page.stream() as lines:
        kinds = [next(lines) for _ in range(4)]
    texts = [line["text"] for line in kinds if line["kind"] == "blind"]
    assert texts[0] == "Docker does not answer\n  start Docker" or texts[0].startswith("Docker does not answer")
    assert texts[1].startswith("a fault of mqlab: ValueError at look") and "secret" not in texts[1]
    assert kinds[-1]["kind"] == "state"


def test_the_end_of_the_lab_is_the_last_line(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path) as page:
        with page.stream() as lines:
            next(lines)
            page.desk.errors.append(InputError.of("lab x has ended meanwhile", "mqlab status shows those that run"))
            last = list(lines)[-1]
        assert last["kind"] == "ended" and last["text"].startswith("lab x has ended meanwhile")
        assert page.page.ended is not None
