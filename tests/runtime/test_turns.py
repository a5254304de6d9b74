"""Whose turn it is: one at a time, also between processes, and a lock that goes with whoever has it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from lab.runtime import state_file as state_files
from lab.runtime.turns import remove_stray_locks, turn
from tests.command import Commands
from tests.living.notes import noted

RUN = "20260101-101010-aaaaaa"
PIPES: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
HOLD = """
import sys
from pathlib import Path
from lab.runtime.turns import remove_stray_locks, turn
with turn(sys.argv[1], Path(sys.argv[2])):
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_a_second_one_waits_for_the_first_and_says_so(tmp_path: Path) -> None:
    order: list[str] = []
    waits = threading.Event()

    def second() -> None:
        with turn(RUN, tmp_path, waits.set):
            order.append("second")

    thread = threading.Thread(target=second)
    with turn(RUN, tmp_path):
        thread.start()
        assert waits.wait(30)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]


def test_labs_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with turn("one", tmp_path), turn("other", tmp_path, lambda: (_ for _ in ()).throw(AssertionError("waits"))):
        pass


def test_a_killed_process_keeps_nobody_waiting(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, RUN, str(tmp_path)], **PIPES) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        with turn(RUN, tmp_path, holder.kill):  # when we wait for it
            assert holder.wait(30) != 0


def test_what_down_removed_is_not_written_again(tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    note = noted(mqlab, RUN)
    assert state_files.update(note, mqlab.state)
    with turn(RUN, mqlab.state):
        state_files.forget(RUN, mqlab.state)
        assert not state_files.update(note, mqlab.state)
    assert list(mqlab.state.iterdir()) == []


def test_the_lock_of_an_opening_that_was_killed_is_a_stray(tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    noted(mqlab, RUN)
    with turn(RUN, mqlab.state):
        pass  # a lab that stands, whose lock stays
    with subprocess.Popen([sys.executable, "-c", HOLD, "killed", str(mqlab.state)], **PIPES) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        assert remove_stray_locks(mqlab.state, {"known"}) == (), "somebody opens it just now"
        holder.kill()
    with turn("known", mqlab.state):
        pass
    assert remove_stray_locks(mqlab.state, {"known"}) == ("killed",)
    assert {path.name for path in mqlab.state.iterdir()} == {f"{RUN}.json", f"{RUN}.lock", "known.lock"}


def test_a_lock_that_is_removed_meanwhile_is_nobodys(tmp_path: Path) -> None:
    """Who waits for a lock that its owner removes has none, and takes the one that is there then."""
    waits, has, ends = threading.Event(), threading.Event(), threading.Event()

    def second() -> None:
        with turn(RUN, tmp_path, waits.set):
            has.set()
            ends.wait(30)

    thread = threading.Thread(target=second)
    with turn(RUN, tmp_path):
        thread.start()
        assert waits.wait(30)
        state_files.lock_file(RUN, tmp_path).unlink()
    assert has.wait(30)

    def waits_too() -> None:
        raise TimeoutError("somebody else has it")

    with pytest.raises(TimeoutError), turn(RUN, tmp_path, waits_too):
        pytest.fail("two have the lab at once")
    ends.set()
    thread.join(30)
