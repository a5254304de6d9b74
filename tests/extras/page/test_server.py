"""The page's server over a real socket: who may ask, and which lines and acts come of it."""

from __future__ import annotations

import asyncio
import http.client
import json
import shlex
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from lab.errors import HostError, InputError, LabTimeout
from lab.extras.http_server import HOST, Answer, Request, application, listening, server
from lab.extras.page.server import MOST_BODY_BYTES, TOKEN
from lab.history import BrokerChanged, LinkChanged, StepStarted
from lab.history.reading import read
from lab.living.history import end_history
from lab.living.lab import Live

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


def table(state: Mapping[str, Any], name: str) -> Any:
    return next((table for table in state.get("tables", ()) if table["name"] == name), {"rows": []})


def shown_bodies(state: Mapping[str, Any]) -> list[str]:
    return [row["cells"][3] for row in table(state, "Messages")["rows"]]


def rules(state: Mapping[str, Any]) -> list[Any]:
    return list(table(state, "Security groups")["rows"])


def lost(state: Mapping[str, Any]) -> list[str]:
    return [row["cells"][0] for row in table(state, "Listeners")["rows"] if "lost" in row["cells"][2]]


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
        (b'{"act": "kill", "broker": "osaka", "sure": "yes"}', 409),
        (b'{"act": "kill", "broker": "tokyo", "instance": "7", "sure": "yes"}', 409),
        (b'{"act": "authorize", "group": "nobody", "source": "10.0.0.0/8"}', 409),
        (b'{"act": "authorize", "group": "default-tokyo", "source": "10.0.0.1"}', 409),
        (b'{"act": "revoke", "group": "default-tokyo", "source": "10.9.9.9/32", "sure": "yes"}', 409),
        (b'{"act": "stop-listening", "listener": "99"}', 409),
        (b'{"act": "listen", "broker": "tokyo", "kind": "queue", "name": "q", "over": "mqtt"}', 409),
        (b'{"act": "listen", "broker": "tokyo", "kind": "topic", "name": "t", "over": "ftp"}', 409),
        (b'{"act": "delay", "link": "tokyo-singapore", "ms": "nan"}', 409),
        (b'{"act": "delay", "link": "tokyo-singapore", "ms": "60001"}', 409),
        (b'{"act": "publish", "broker": "tokyo", "body": "x"}', 409),
        (b'{"act": "publish", "broker": "tokyo", "body": "x", "kind": "topic", "name": "a.>"}', 409),
        (b'{"act": "publish", "broker": "tokyo", "body": "x", "kind": "temp", "name": "a"}', 409),
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
        assert link[3] == ["well", "", "well", "well", "70.6 ms measured"]
        status, reply = page.act(act="cut", link="tokyo-singapore")
        assert (status, reply["note"]) == (200, "done")
        assert reply["command"] == f"mqlab link cut tokyo-singapore --run {page.desk.run}"
        cut = ["link", 0, ["tokyo", "singapore"], ["shut", "cut", "shut", "shut", "cut"], 0]
        assert any(cut in state["parts"] for state in lines)
        assert [way.state for way in page.lab(lambda live: live.links())] == ["cut", "cut"]
        seen = read(page.lab(lambda live: live.history.file.path)).observations
        (step,) = (each for each in seen if isinstance(each, StepStarted) and each.asked == "cut link tokyo-singapore")
        assert step.by == "page" and sum(isinstance(each, LinkChanged) and each.state == "cut" for each in seen) == 2
        assert page.act(act="heal", link="tokyo-singapore")[0] == 200


def test_a_cut_of_one_direction_leaves_the_other_open(page: Served) -> None:
    with page.stream() as lines:
        status, reply = page.act(act="cut", link="tokyo-singapore", leaving="singapore")
        assert (status, reply["command"]) == (
            200,
            f"mqlab link cut tokyo-singapore --leaving singapore --run {page.desk.run}",
        )
        part = ["link", 0, ["tokyo", "singapore"], ["shut", "singapore → tokyo cut", "well", "shut", "cut one way"], 0]
        state = next(state for state in lines if part in state["parts"])
    (way, back) = (row for row in table(state, "Links")["rows"])
    assert [act["name"] for act in way["acts"]] == [
        "cut tokyo → singapore", "cut both ways tokyo-singapore", "heal both ways tokyo-singapore"
    ]  # fmt: skip
    assert [act["name"] for act in back["acts"]] == ["heal singapore → tokyo"]
    assert page.act(**back["acts"][0]["fields"])[0] == 200
    assert [way.state for way in page.lab(lambda live: live.links())] == ["open", "open"]


def test_an_act_that_destroys_is_asked_for_and_not_done_until_the_answer(page: Served) -> None:
    for fields in (
        {"act": "stop", "broker": "tokyo"},
        {"act": "kill", "broker": "tokyo"},
        {"act": "reboot", "broker": "tokyo"},
        {"act": "connector", "broker": "tokyo", "name": "connector_tokyo_to_singapore", "do": "stop"},
        {"act": "revoke", "group": "default-tokyo", "source": "127.0.0.1/32"},
        {"act": "listen", "broker": "tokyo", "kind": "queue", "name": "orders"},
    ):
        before = page.lab(lambda live: list(read(live.history.file.path).observations))
        status, reply = page.act(**fields)
        assert status == 200 and reply["asks"].endswith(".") and reply["command"].startswith("mqlab ")
        assert page.lab(lambda live: list(read(live.history.file.path).observations)) == before


def test_a_rule_of_a_security_group_is_opened_and_closed_as_by_the_command(page: Served) -> None:
    fields = {"group": "default-tokyo", "source": "10.9.0.0/16", "port": "8883"}
    its = f"--run {page.desk.run}"
    status, reply = page.act(act="authorize", **fields)
    line = f"default-tokyo --cidr 10.9.0.0/16 --port 8883 {its}"
    assert (status, reply["command"]) == (200, f"mqlab sg authorize {line}")
    with page.stream() as lines:
        opened = next(row for line in lines for row in rules(line) if "8883" in row["cells"][1])
    assert opened["cells"][:2] == ["default-tokyo", "tcp 8883 10.9.0.0/16"]
    (close,) = opened["acts"]
    assert close["asks"] and close["name"] == "close tcp 8883 10.9.0.0/16 in default-tokyo"
    assert page.act(**close["fields"], sure="yes")[0] == 200
    with page.stream() as lines:
        next(line for line in lines if not any("8883" in row["cells"][1] for row in rules(line)))
    seen = read(page.lab(lambda live: live.history.file.path)).observations
    steps = [(each.verb, each.by) for each in seen if isinstance(each, StepStarted) and "ingress" in each.verb]
    assert steps[-2:] == [("authorize-ingress", "page"), ("revoke-ingress", "page")]


@pytest.mark.parametrize(
    ("kind", "over"), [("topic", ""), ("topic", "amqp"), ("topic", "stomp-wss"), ("queue", ""), ("queue", "amqp")]
)
def test_a_listener_shows_the_messages_of_a_topic_or_a_queue(page: Served, kind: str, over: str) -> None:
    name = f"by-hand.{kind}.{over or 'usual'}"
    chosen = {"over": over} if over else {}
    status, reply = page.act(act="listen", broker="tokyo", kind=kind, name=name, sure="yes", **chosen)
    option = f" --over {over}" if over else ""
    assert (status, reply["command"]) == (200, f"mqlab listen tokyo --{kind} {name}{option} --run {page.desk.run}")
    with page.stream() as lines:
        for body in ("one", "<b>two</b>", "x" * 1000):
            assert page.act(act="publish", broker="tokyo", kind=kind, name=name, body=body)[0] == 200
        bodies = ["x" * 200 + "… (1,000 bytes)", "<b>two</b>", "one"]
        rows = [[f"{kind}://{name}", "tokyo", body] for body in bodies]
        next(line for line in lines if [row["cells"][1:] for row in table(line, "Messages")["rows"]][:3] == rows)
        state = next(lines)
    (row,) = (row for row in table(state, "Listeners")["rows"] if row["cells"][0] == f"{kind}://{name}")
    assert (row["cells"][2], row["cells"][4]) == ("listening", "3")
    (stop,) = row["acts"]
    assert page.act(**stop["fields"])[0] == 200
    again = page.act(**stop["fields"])  # a second click
    assert again[0] == 409 and again[1]["problem"].startswith("this client does not listen any more")
    if kind == "queue":
        assert page.lab(lambda live: live.queued("tokyo", name)) == 0


def test_a_queue_keeps_its_messages_while_nobody_looks(page: Served) -> None:
    assert page.act(act="listen", broker="tokyo", kind="queue", name="unseen", sure="yes")[0] == 200
    for number in range(5):
        page.act(act="publish", broker="tokyo", kind="queue", name="unseen", body=str(number))
    assert page.lab(lambda live: live.queued("tokyo", "unseen")) == 5
    with page.stream() as lines:
        next(line for line in lines if shown_bodies(line)[:5] == list("43210"))
    assert page.lab(lambda live: live.queued("tokyo", "unseen")) == 0


def received(live: Live, count: int) -> list[bytes]:
    """Publish messages to a queue, and return those that a consumer gets."""
    with live.connect("tokyo", over="stomp") as client:
        client.subscribe(queue="orders")
        for number in range(count):
            client.publish(str(number), queue="orders")
        bodies: list[bytes] = []
        with suppress(LabTimeout):
            while True:
                bodies.append(client.receive(within=10).body)
        return bodies


def test_a_queue_has_no_listener_of_the_page_some_seconds_after_its_last_stream(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path, grace=0) as page:
        with page.stream() as lines:
            next(lines)
            for kind in ("queue", "topic"):
                page.act(act="listen", broker="tokyo", kind=kind, name="orders", sure="yes")
            assert page.desk.leavings == 0
        wait(lambda: page.desk.leavings > 0)
        assert page.lab(lambda live: received(live, 4)) == [b"0", b"1", b"2", b"3"]
        with page.stream() as lines:
            states = (table(line, "Listeners")["rows"] for line in lines)  # the first may be of before
            queue, topic = next(rows for rows in states if rows and rows[0]["cells"][2] != "listening")
        assert (queue["cells"][2], topic["cells"][2]) == ("closed, as no page was open", "listening")
        assert [act["label"] for act in queue["acts"]] == ["remove"]
        assert page.act(**queue["acts"][0]["fields"])[0] == 200


def test_a_listener_whose_broker_is_gone_has_lost_its_connection(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path) as page:
        for kind in ("topic", "queue"):
            page.act(act="listen", broker="tokyo", kind=kind, name="a", sure="yes")
        page.act(act="kill", broker="tokyo", sure="yes")
        with page.stream() as lines:
            wanted = ["topic://a", "queue://a"]
            state = next(line for line in lines if lost(line) == wanted)
        assert state["kind"] == "state"


def test_of_two_people_who_click_at_once_one_is_refused_by_name(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path) as page, ThreadPoolExecutor(2) as people:
        clicks = [people.submit(page.act, act="kill", broker="tokyo", sure="yes") for _ in range(2)]
        replies = sorted((click.result(60) for click in clicks), key=lambda reply: reply[0])
        assert [status for status, _ in replies] == [200, 409]
        assert "tokyo" in replies[1][1]["problem"]
        seen = read(page.lab(lambda live: live.history.file.path)).observations
        assert sum(isinstance(each, BrokerChanged) and each.state == "killed" for each in seen) == 1


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


def test_verdicts_so_far_are_those_of_the_judge_and_come_again_after_a_step(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path, judged=True) as page, page.stream("news") as lines:
        page.act(act="cut", link="tokyo-singapore")
        judged = next(line for line in lines if table(line, "Verdicts so far")["rows"])
        report = page.lab(lambda live: live.judge())
        rows = table(judged, "Verdicts so far")["rows"]
        assert [row["cells"][:2] for row in rows] == [
            [each.expectation, f"{each.outcome} so far"] for each in report.verdicts
        ]
        first = table(judged, "Verdicts so far")["note"]
        page.act(act="heal", link="tokyo-singapore")
        next(line for line in lines if table(line, "Verdicts so far")["note"] not in ("", first))


def test_the_verdicts_of_a_history_that_has_ended_are_final(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path, judged=True) as page, page.stream("news", "ended") as lines:
        next(line for line in lines if line["events"])
        page.lab(lambda live: end_history(live.lab.note, live.lab.clock.now()))
        page.desk.errors.append(InputError.of("lab x has ended meanwhile", "mqlab status shows those that run"))
        verdicts = table(list(lines)[-1], "Verdicts so far")
        assert verdicts["note"] == "the run has ended: these verdicts are final"
        assert [row["cells"][1] for row in verdicts["rows"]] == ["unknown", "passed", "unknown"]


def test_events_come_with_news_and_not_with_a_poll_alone(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path, every=3600) as page, page.stream("news") as lines:
        page.lab(lambda live: live.mark("by another door"))
        next(line for line in lines if any("by another door" in text for _, text, _ in line["events"]))


def test_events_that_cannot_be_read_are_said_to_be_so_and_read_again(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path) as page, page.stream("news") as lines:
        next(lines)
        page.desk.errors_of_news += [InputError.of("gone", "look again"), ValueError("secret")]
        text = next(line["text"] for line in lines if "text" in line)
        assert text.startswith("The events cannot be read: a fault of mqlab: ValueError at news")
        assert "secret" not in text
        page.lab(lambda live: live.mark("afterwards"))
        next(line for line in lines if "afterwards" in json.dumps(line.get("events", [])))


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
        assert problem(answer) == (403, "this page only shows the lab")
        assert page.lab(lambda live: live.links()[0].state) == "open"


def test_a_browser_that_does_not_read_is_dropped_and_another_is_served() -> None:
    begun, over = threading.Event(), threading.Event()

    async def parts() -> AsyncIterator[bytes]:
        try:
            begun.set()
            while True:
                yield b"x" * 2**20
                await asyncio.sleep(0)
        finally:
            over.set()

    async def answer(request: Request) -> Answer:
        return Answer(body=parts() if request.path == "/stream" else b"here")

    with closing(listening(0)) as door, socket.socket() as lagging:
        runs = server(application(answer), lagging=0.1)
        serving = threading.Thread(target=runs.run, kwargs={"sockets": [door]}, daemon=True)
        serving.start()
        lagging.connect(door.getsockname())
        lagging.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert begun.wait(20) and over.wait(20)
        with closing(http.client.HTTPConnection(HOST, door.getsockname()[1], timeout=60)) as other:
            other.request("GET", "/")
            assert other.getresponse().read() == b"here"
        runs.should_exit = True
        serving.join()


def test_a_hostile_name_of_a_topic_is_text_and_changes_nothing_else(page: Served) -> None:
    for name in ("<img src=x onerror=alert(1)>", "a\u202eb", "x" * 500, "$(reboot)", "'; cut --run x", "\n\x1b[2J"):
        for act in ("listen", "publish"):
            status, reply = page.act(act=act, broker="tokyo", kind="topic", name=name)
            assert status in (200, 409), reply
            line = shlex.split(reply.get("command", ""))
            assert not line or (line[:2] == ["mqlab", act] and line.count("--run") == 1)
            assert all(sign not in json.dumps(reply, ensure_ascii=False) for sign in ("\u202e", "\x1b"))
    with page.stream() as lines:
        stops = [row["acts"][0]["fields"] for row in table(next(lines), "Listeners")["rows"]]
    assert all(page.act(**stop)[0] == 200 for stop in stops)


def test_a_password_is_in_no_line_and_in_no_reply(page: Served) -> None:
    secret = page.lab(lambda live: min(live.lab.mask().secrets))
    status, reply = page.act(act="publish", broker="tokyo", kind="queue", name=f"a.{secret}", body=secret)
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
    assert texts[0].startswith("The lab cannot be polled: Docker does not answer")
    assert (
        texts[1].startswith("The lab cannot be polled: a fault of mqlab: ValueError at look")
        and "secret" not in texts[1]
    )
    assert kinds[-1]["kind"] == "state"


def test_the_end_of_the_lab_is_the_last_line(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path) as page:
        with page.stream() as lines:
            next(lines)
            page.desk.errors.append(InputError.of("lab x has ended meanwhile", "mqlab status shows those that run"))
            last = list(lines)[-1]
        assert last["kind"] == "ended" and last["text"].startswith("The lab has ended: lab x has ended meanwhile")
        assert page.page.ended is not None


def test_a_fault_in_the_last_news_does_not_hide_the_end_of_the_lab(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path) as page:
        page.desk.errors.append(InputError.of("lab x has ended meanwhile", "mqlab status shows those that run"))
        page.desk.errors_of_last_news.append(KeyError("secret"))
        with page.stream("ended") as lines:
            (last,) = lines
    assert last["text"].startswith("The lab has ended: lab x has ended meanwhile")
    assert "; the last events and verdicts cannot be read: a fault of mqlab: KeyError at last_news" in last["text"]
    assert "secret" not in last["text"]
