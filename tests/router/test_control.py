from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import linkctl
import pytest
from control import MAX_REQUEST, ControlSocket, answer
from relay import relay

from lab.link.fields import ConfigError
from lab.link.impairment import Impairment, LinkState, Setting


class Remembered:
    """A link that only remembers what it was told."""

    regions = ("tokyo", "singapore")

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.settings = dict.fromkeys(self.regions, Setting())
        self.more: dict[str, Any] = {}

    def open(self, cost_ns: int) -> None:
        if self.told:
            raise ConfigError("already open")
        self.told.append(cost_ns)

    def change(self, settings: Mapping[str, Setting]) -> None:
        self.told.append(dict(settings))

    def reset_counters(self) -> None:
        self.told.append("reset")

    def json(self) -> dict[str, Any]:
        return {"link": "x"} | self.more


@contextmanager
def served(path: Path, link: Remembered) -> Iterator[None]:
    """Serve a control socket from a thread until the end of the block."""
    control, stop = ControlSocket(path), threading.Event()

    def serve() -> None:
        while not stop.is_set():
            ready = select.select(control.fds(), control.unsent(), (), 0.01)
            for fd in (*ready[0], *ready[1]):
                control.serve(fd, lambda line: answer(line, link))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_change_is_of_every_direction_named_at_once_and_stamps_the_moment() -> None:
    link = Remembered()
    asked = {"do": "change", "directions": {"tokyo": {"delay_us": 5}, "singapore": {"state": "cut"}}}
    done = answer(json.dumps(asked).encode(), link)
    assert done["ok"] and done["link"] == "x"
    assert {"monotonic_ns", "wall_ns", "wall"} == done["stamp"].keys()
    assert [(name, each.json()["delay_us"], each.state) for name, each in link.told[0].items()] == [
        ("tokyo", 5.0, "open"),
        ("singapore", 0.0, "cut"),
    ]


def test_a_change_leaves_the_keys_that_it_does_not_write() -> None:
    link = Remembered()
    impairment = Impairment(delay=timedelta(milliseconds=35), loss=0.01)
    link.settings["tokyo"] = Setting(impairment=impairment, state=LinkState.REJECT)
    for keys in ({"state": "cut"}, {"loss": 0.5}):
        assert answer(json.dumps({"do": "change", "directions": {"tokyo": keys}}).encode(), link)["ok"]
    assert link.told == [
        {"tokyo": Setting(impairment=impairment, state=LinkState.CUT)},
        {"tokyo": Setting(impairment=replace(impairment, loss=0.5), state=LinkState.REJECT)},
    ]


def test_the_relay_passes_a_request_on_to_the_link_that_it_names_whatever_that_is_called(tmp_path: Path) -> None:
    link = Remembered()
    with served(tmp_path / "policy.sock", link):
        assert relay(b'{"link": "policy", "request": {"do": "reset-counters"}}', tmp_path)["ok"]
    assert link.told == ["reset"]
    assert "no answer from" in relay(b'{"request": {"do": "get"}}', tmp_path)["error"]


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (
            {"do": "change", "directions": {"tokyo": {"delay_us": 5}, "singapore": {"loss": 3}}},
            "singapore.loss: expected 0",
        ),
        (
            {"do": "change", "directions": {"berlin": {}}},
            "directions: unknown key 'berlin', known are singapore, tokyo",
        ),
        ({"do": "change", "directions": {}}, "directions: name at least one of tokyo, singapore"),
        ({"do": "change"}, "request: 'directions' is missing"),
        ({"do": "explode"}, "do: expected one of get, change, reset-counters, open, found 'explode'"),
        ({"do": ["get"]}, "do: expected one of"),
        ({"do": "get", "more": 1}, "request: unknown key 'more'"),
        ({"do": "open", "cost_us": -1}, "cost_us: expected 0 to 10000"),
        ([], "do: expected one of"),
    ],
)
def test_a_bad_request_changes_nothing(request_: Any, error: str) -> None:
    link = Remembered()
    done = answer(json.dumps(request_).encode(), link)
    assert not done["ok"]
    assert done["error"].startswith(error)
    assert link.told == []


@pytest.mark.parametrize(
    "line", [b"", b"{", b"\xff\xfe", b"[" * 60_000, b'{"do": NaN}', b'{"do": %s}' % (b"9" * 6_000)]
)
def test_hostile_requests_get_an_error(line: bytes) -> None:
    assert not answer(line, Remembered())["ok"]


def test_linkctl_asks_and_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = Remembered()
    with served(tmp_path / "x.sock", link):
        assert linkctl.main(["--sockets", str(tmp_path), "x", "change", '{"tokyo": {"loss": 0.5}}']) == 0
        assert json.loads(capsys.readouterr().out)["ok"]
        assert linkctl.main(["--sockets", str(tmp_path), "x", "change", '{"tokyo": {"loss": 5}}']) == 2
        assert json.loads(capsys.readouterr().out)["error"] == "tokyo.loss: expected 0 to 1, found 5"
        assert linkctl.main(["--sockets", str(tmp_path), "x", "change", "not json"]) == 2
        assert linkctl.main(["--sockets", str(tmp_path), "../x", "get"]) == 2
        assert linkctl.main(["--sockets", str(tmp_path), "x", "reset-counters"]) == 0
    assert [type(each) for each in link.told] == [dict, str]


def test_linkctl_says_when_nobody_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert linkctl.main(["--sockets", str(tmp_path), "gone", "get"]) == 3
    assert "no answer from" in json.loads(capsys.readouterr().out)["error"]


def test_the_socket_outlives_rude_clients(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with served(path, Remembered()):
        idle = []
        for _ in range(40):  # more than it keeps, and none of them says anything
            idle.append(socket.socket(socket.AF_UNIX))
            idle[-1].connect(str(path))
        with socket.socket(socket.AF_UNIX) as endless:
            endless.settimeout(5)
            endless.connect(str(path))
            with pytest.raises(OSError):
                for _ in range(100):
                    endless.sendall(b"x" * MAX_REQUEST)
        with socket.socket(socket.AF_UNIX) as hasty:
            hasty.connect(str(path))
            hasty.sendall(b'{"do": "get"}\n')
        assert linkctl.ask(path, {"do": "get"})["link"] == "x"
        for each in idle:
            each.close()


def test_an_answer_may_be_longer_than_the_kernel_takes_at_once(tmp_path: Path) -> None:
    link, path = Remembered(), tmp_path / "x.sock"
    causes = [f"no ingress rule for tcp {port} from {'a-very-long-name-of-a-group ' * 12}" for port in range(10_000)]
    link.more = {"causes": causes}
    with served(path, link):
        with socket.socket(socket.AF_UNIX) as who_never_reads:
            who_never_reads.connect(str(path))
            who_never_reads.sendall(b'{"do": "get"}\n')
            assert linkctl.ask(path, {"do": "get"})["causes"] == causes
        with socket.socket(socket.AF_UNIX) as who_goes:
            who_goes.connect(str(path))
            who_goes.sendall(b'{"do": "get"}\n')
            assert who_goes.recv(10)
        assert linkctl.ask(path, {"do": "get"})["causes"] == causes
