"""A run that dies is judged as far as it came; a lab that is to stay, and that nobody would watch, does not stay."""

from __future__ import annotations

import inspect
import json
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from lab import labs
from lab.base.interrupts import Terminated, ended_by_signals, uninterrupted
from lab.cli.options import ending
from lab.cli.run import run
from lab.cli.up import up
from lab.errors import HostError
from lab.history import LinkChanged, read
from lab.judge import Outcome
from lab.runtime import state_file as state_files
from lab.runtime.clock import Clock
from lab.runtime.progress import Progress
from lab.runtime.runtime import Opening
from lab.runtime.status import Whereabouts
from tests.runtime.memory import Memory, MemoryLab

ENDED = HostError("the router has ended: exit code 137", "its last words: logs/router.log")


class Dead(MemoryLab):
    """A lab whose router ends before its first change."""

    def change_link(self, link: str, **asked: Any) -> Sequence[LinkChanged]:
        raise HostError(ENDED.what, ENDED.remedy)


class Dying(Memory):
    """A runtime whose labs die."""

    @contextmanager
    def open(self, opening: Opening, progress: Progress) -> Iterator[MemoryLab]:
        with super().open(opening, progress) as lab:
            lab.__class__ = Dead
            yield lab


def test_the_error_names_the_folder_of_what_was_seen(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="the router has ended: exit code 137") as caught:
        labs.run("cut-and-heal", runtime=Dying(), runs=tmp_path)
    folder = (tmp_path / "runs" / "latest").resolve()
    assert caught.value.remedy == f"its last words: logs/router.log\nthe events until then: {folder}"
    assert json.loads((folder / "report.json").read_text())["outcome"] == "unknown"
    assert not read(folder / "history.jsonl").complete


def test_a_program_may_have_the_report_and_the_error(tmp_path: Path) -> None:
    ran = labs.run("cut-and-heal", runtime=Dying(), runs=tmp_path, raising=False)
    assert ran.error is not None and ran.error.what == ENDED.what
    assert ran.report.outcome is Outcome.UNKNOWN and not ran.passed


class Unkept(Memory):
    """A runtime in whose run folders no monitor can write what it has to say."""

    @contextmanager
    def open(self, opening: Opening, progress: Progress) -> Iterator[MemoryLab]:
        (opening.folder / "monitor.log").mkdir()
        with super().open(opening, progress) as lab:
            yield lab


def test_a_lab_that_is_to_stay_and_that_nobody_would_watch_is_ended(tmp_path: Path) -> None:
    unkept = Unkept("emulation")  # the name of one that other processes know
    environment = {"MQLAB_STATE": str(tmp_path / "state")}
    with (
        pytest.raises(HostError, match="cannot be written"),
        labs.up("one-way", runtime=unkept, runs=tmp_path, detach=True, environment=environment),
    ):
        pytest.fail("it stays, and nobody watches it")
    assert unkept.labs == {}


class Interrupted(Memory):
    """A runtime in the removal of whose labs a signal comes."""

    def __init__(self, number: int, stays: HostError | None = None) -> None:
        super().__init__()
        self._number, self._stays = number, stays

    @contextmanager
    def open(self, opening: Opening, progress: Progress) -> Iterator[MemoryLab]:
        with super().open(opening, progress) as lab:
            yield lab
        with uninterrupted():
            signal.raise_signal(self._number)
            if self._stays is not None:
                raise self._stays


@pytest.mark.parametrize("raising", [True, False])
def test_a_run_whose_lab_is_removed_as_a_signal_comes_is_judged_and_kept_before_that(
    tmp_path: Path, raising: bool
) -> None:
    with pytest.raises(Terminated), ended_by_signals():
        labs.run("tokyo-singapore", runtime=Interrupted(signal.SIGTERM), runs=tmp_path, raising=raising)
        pytest.fail("whoever runs another one would not be ended")
    folder = tmp_path / "runs" / "latest"
    assert json.loads((folder / "report.json").read_text())["outcome"] == "passed"


def started(command: Callable[..., Any], **given: object) -> None:
    """Run a command as its command line does: an option that is not given has its default."""
    parameters = inspect.signature(command).parameters
    defaults = {name: getattr(each.default, "default", each.default) for name, each in parameters.items()}
    ending(command)(**{**defaults, **given})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_of_such_a_run_has_its_verdict_and_its_code(
    tmp_path: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        started(run, scenario=["tokyo-singapore"], runtime=Interrupted(number), runs=tmp_path, quiet=True, json=True)
    out, err = capsys.readouterr()
    assert (ended.value.code, json.loads(out)["outcome"], err) == (0, "passed", "")


def test_a_lab_that_stays_as_a_signal_comes_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runtime = Interrupted(signal.SIGINT, HostError("a part of the lab stays", "mqlab sweep x"))
    with pytest.raises(SystemExit) as ended:
        started(run, scenario=["tokyo-singapore"], runtime=runtime, runs=tmp_path, quiet=True)
    out, err = capsys.readouterr()
    assert ended.value.code == 130
    assert "delivered" in out and "a part of the lab stays\n  mqlab sweep x" in err and "interrupted" in err


class AtALock:
    """A clock by which one who sleeps is interrupted, as the interpreter takes a lock of its own."""

    def __init__(self, its: Clock) -> None:
        self._its = its

    def __getattr__(self, name: str) -> Any:
        return getattr(self._its, name)

    def sleep(self, seconds: float) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            raise RuntimeError("release unlocked lock")


class Left(MemoryLab):
    """A lab whose user, once told where it is, interrupts the wait."""

    def whereabouts(self) -> Whereabouts:
        self.clock = cast(Any, AtALock(self.clock))
        return super().whereabouts()


class Leaving(Memory):
    """A runtime whose labs are left to somebody who leaves them."""

    @contextmanager
    def open(self, opening: Opening, progress: Progress) -> Iterator[MemoryLab]:
        with super().open(opening, progress) as lab:
            lab.__class__ = Left
            state_files.save(lab.note, opening.note_folder)
            yield lab
            state_files.forget(lab.note.run, opening.note_folder)


def test_ctrl_c_ends_what_up_opened_also_where_the_interpreter_makes_another_error_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MQLAB_STATE", str(tmp_path / "state"))
    runtime = Leaving()
    with pytest.raises(SystemExit) as ended:
        started(up, scenario="one-way", runtime=runtime, runs=tmp_path, quiet=True)
    assert (ended.value.code, runtime.labs) == (0, {})
    assert "ending the lab" in capsys.readouterr().err
