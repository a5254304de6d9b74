"""A run that dies is judged as far as it came; a lab that is to stay, and that nobody would watch, does not stay."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import labs
from lab.errors import HostError
from lab.history import LinkChanged, read
from lab.judge import Outcome
from lab.runtime.progress import Progress
from lab.runtime.runtime import Opening
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
    assert caught.value.remedy == f"its last words: logs/router.log\nwhat was seen until then: {folder}"
    assert json.loads((folder / "report.json").read_text())["outcome"] == "unknown"
    assert not read(folder / "history.jsonl").complete


def test_a_program_may_have_the_report_and_the_error(tmp_path: Path) -> None:
    ran = labs.run("cut-and-heal", runtime=Dying(), runs=tmp_path, raising=False)
    assert ran.error is not None and ran.error.what == ENDED.what
    assert ran.report.outcome is Outcome.UNKNOWN and not ran.held


class Unkept(Memory):
    """A runtime in whose run folders no keeper can write what it has to say."""

    @contextmanager
    def open(self, opening: Opening, progress: Progress) -> Iterator[MemoryLab]:
        (opening.folder / "keeper.log").mkdir()
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
