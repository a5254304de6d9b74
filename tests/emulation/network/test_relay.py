"""The router's relay: an answer belongs to its question, whatever happened to the one before."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from typing import Any, cast

import pytest

from lab.emulation.network.relay import Relay
from lab.emulation.network.router import Router as RealRouter
from lab.link.impairment import Impairment, LinkState, Setting
from tests.polled_clock import PolledClock

OCEAN = Impairment(delay=timedelta(milliseconds=35))


class Router:
    """An engine in memory, each of whose commands answers at the other end of a socket; one question is interrupted."""

    def __init__(self) -> None:
        self.api = self
        self.ends: list[socket.socket] = []

    def exec_create(self, *_: object, **__: object) -> dict[str, str]:
        return {"Id": "1"}

    def exec_start(self, *_: object, **__: object) -> Any:
        ours, theirs = socket.socketpair()
        self.ends.append(theirs)
        return Interrupted(ours) if len(self.ends) == 1 else ours


class Interrupted:
    """A connection on which Ctrl-C comes while the answer is waited for."""

    def __init__(self, of: socket.socket) -> None:
        self._sock = self
        self._of = of

    def settimeout(self, _: float) -> None: ...

    def sendall(self, line: bytes) -> None:
        self._of.sendall(line)

    def recv(self, _: int) -> bytes:
        raise KeyboardInterrupt

    def close(self) -> None:
        self._of.close()


def answer(end: socket.socket, **said: object) -> None:
    body = json.dumps({"ok": True, **said}).encode() + b"\n"
    end.sendall(bytes((1, 0, 0, 0)) + len(body).to_bytes(4, "big") + body)


def test_the_answer_to_a_question_that_was_interrupted_is_not_taken_for_the_next_ones() -> None:
    router = Router()
    relay = Relay(cast(Any, router), "router")
    with pytest.raises(KeyboardInterrupt):
        relay.ask({"do": "set"})
    assert router.ends[0].recv(100), "it was asked"
    opened = router.exec_start

    def answering(*words: object, **more: object) -> Any:
        made = opened(*words, **more)
        answer(router.ends[-1], to="get")
        return made

    router.exec_start = answering  # type: ignore[method-assign]
    assert relay.ask({"do": "get"})["to"] == "get"
    relay.close()


def test_a_change_of_a_link_is_one_request_with_the_changed_keys_alone() -> None:
    engine = Router()
    engine.ends.append(socket.socket())  # so that the connection of this test is not the interrupted one
    opened = engine.exec_start

    def answering(*words: object, **more: object) -> Any:
        made = opened(*words, **more)
        cut = {"impairment": Setting(impairment=OCEAN, state=LinkState.CUT).json()}
        answer(engine.ends[-1], stamp={"monotonic_ns": 7}, directions={"tokyo": cut, "singapore": cut})
        return made

    engine.exec_start = answering  # type: ignore[method-assign]
    router = RealRouter(cast(Any, engine), "router", PolledClock())
    stamp, settings = router.change("tokyo-singapore", ["tokyo"], None, LinkState.CUT)
    assert (stamp, settings) == (7, {"tokyo": Setting(impairment=OCEAN, state=LinkState.CUT)})
    (line,) = engine.ends[-1].recv(65536).splitlines()
    change = {"do": "change", "directions": {"tokyo": {"state": "cut"}}}
    assert json.loads(line) == {"link": "tokyo-singapore", "request": change}
    router.release()
