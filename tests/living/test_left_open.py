"""What a program leaves open is closed as its interpreter ends, while threads' answers and modules are still there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from contextlib import ExitStack, contextmanager
from lab.errors import HostError
from lab.living.left_open import ClosedAtExit

@contextmanager
def lab():
    try:
        yield
    finally:
        print("closed")
        if "fails" in sys.argv:
            raise HostError("it stays", "mqlab sweep")

@contextmanager
def up():
    with ClosedAtExit() as whole:
        whole.enter_context(lab())
        whole.tells(print, "left open")
        yield

stack = ExitStack()
stack.enter_context(up())
if "close" in sys.argv:
    stack.close()
print("ends")
"""


def said(program: str, *words: str, folder: Path | None = None) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program, *words], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), ["ends", "left open", "closed"]),
        (("close",), ["closed", "ends"]),
        (("fails",), ["ends", "left open", "closed", "it stays", "  mqlab sweep"]),
    ],
    ids=["left-open", "closed", "stays"],
)
def test_what_is_left_open_is_closed_once_and_told(words: tuple[str, ...], says: list[str]) -> None:
    assert said(PROGRAM, *words) == says


def test_containers_are_removed_one_by_one_where_the_interpreter_begins_no_threads() -> None:
    program = """
import atexit
from lab.emulation.engine.removal import at_once
atexit.register(lambda: print(at_once(str.upper, ["a", "b"])))
print(at_once(str.upper, ["a", "b"]))
"""
    assert said(program) == ["['A', 'B']"] * 2


def test_a_simulated_lab_leaves_nothing_and_is_not_told_of(tmp_path: Path) -> None:
    program = """
from contextlib import ExitStack
from pathlib import Path
from lab import labs
stack = ExitStack()
stack.enter_context(labs.up("one-way", runtime="simulation", environment={"MQLAB_STATE": "state"}, runs=Path("runs")))
"""
    assert said(program, folder=tmp_path) == []
    (history,) = tmp_path.glob("runs/runs/2*/history.jsonl")
    assert '"kind":"ended","complete":true' in history.read_text().splitlines()[-1]
