"""What a command in a container said comes back, also where the engine loses it once; what else comes is an error."""

from __future__ import annotations

from typing import Any, cast

import pytest
from docker.errors import NotFound

from lab.emulation.engine.answers import BrokenAnswer
from lab.emulation.engine.commands import in_the_foreground, run_inside
from lab.emulation.network.attempts import from_container
from lab.emulation.network.router import Router
from lab.errors import HostError
from tests.polled_clock import PolledClock

GOT = (0, b'{"ok": true, "lost": 0}\n')
LOST = (0, b"")
EMPTY = BrokenAnswer("its answer to /exec/1/json is empty")
UNKNOWN = NotFound("404", explanation="No such exec instance: 1")


class Engine:
    """An engine, its list of containers and a container in one, which answers as it is told."""

    def __init__(self, *answers: tuple[int, bytes] | Exception) -> None:
        self.containers = self.client = self.api = self
        self.id = "c1"
        self.answers = list(answers)
        self.asked: list[list[str]] = []

    def get(self, _: str) -> Engine:
        return self

    def run(self, _: str, command: list[str], *__: object) -> tuple[int, bytes]:
        self.asked.append(command)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ([GOT], (0, '{"ok": true, "lost": 0}')),
        ([LOST, LOST, (0, b" hello\n")], (0, "hello")),
        ([LOST] * 5, (0, "")),
        ([EMPTY, LOST, EMPTY, EMPTY, (0, b"hello")], (0, "hello")),
        ([UNKNOWN, (0, b"hello")], (0, "hello")),
        ([(3, b"")], (3, "")),
        ([LOST, (2, b"no")], (2, "no")),
    ],
)
def test_a_command_whose_words_are_lost_is_run_again(
    answers: list[tuple[int, bytes] | Exception], found: tuple[int, str]
) -> None:
    engine, clock = Engine(*answers), PolledClock()
    assert run_inside(cast(Any, engine), ["say", "something"], clock) == found
    assert engine.asked == [["say", "something"]] * len(answers)
    assert clock.now() == pytest.approx(sum((0.05, 0.1, 0.2, 0.4)[: len(answers) - 1]), abs=1e-3)


def test_an_engine_that_never_answers_is_an_error() -> None:
    with pytest.raises(BrokenAnswer):
        run_inside(cast(Any, Engine(*[EMPTY] * 5)), ["say", "something"], PolledClock())


@pytest.mark.parametrize(
    "error",
    [
        BrokenAnswer("the output of a command has no end", again=False),
        NotFound("404", explanation="No such container: c1"),
    ],
)
def test_a_command_that_cannot_succeed_is_not_run_again(error: Exception) -> None:
    engine = Engine(error)
    with pytest.raises(type(error)):
        run_inside(cast(Any, engine), ["say", "something"], PolledClock())
    assert len(engine.asked) == 1


def test_the_router_is_asked_again() -> None:
    assert Router(cast(Any, Engine(LOST, GOT)), "router", PolledClock()).probe("a-b", 5)["lost"] == 0


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([LOST] * 5, "no output"),
        ([(0, b'{"ok": tr')], '{"ok": tr'),
        ([(0, b"OCI runtime exec failed")], "OCI runtime exec failed"),
        ([(2, b'{"ok": false, "error": "no such link"}')], "no such link"),
        ([(0, b'{"ok": false, "error": "no answer"}')], "no answer"),
    ],
)
def test_what_is_no_answer_of_the_routers_is_told(answers: list[tuple[int, bytes]], why: str) -> None:
    with pytest.raises(HostError) as raised:
        Router(cast(Any, Engine(*answers)), "router", PolledClock()).probe("a-b", 5)
    assert str(raised.value).splitlines()[0] == f"the router refused probes of link a-b: {why}"


def test_a_connection_tried_is_tried_again_where_nothing_is_heard_of_it() -> None:
    engine = cast(Any, Engine(LOST, (0, b"0 10.5 10.75\n")))
    assert from_container(engine, "10.0.0.1", 1, 2.0, PolledClock()) == ("open", 0.25)


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 125", 125), ("kill -TERM $$", 143)])
def test_a_command_of_this_machine_ends_with_its_code(script: str, code: int) -> None:
    assert in_the_foreground(["sh", "-c", script]) == code


def test_ctrl_c_is_the_commands_own_to_answer() -> None:
    assert in_the_foreground(["sh", "-c", "trap 'exit 9' INT; kill -INT $PPID; kill -INT $$"]) == 9
