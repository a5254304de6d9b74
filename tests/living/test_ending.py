"""A lab's history ends with the lab, and not before: what cannot be removed is still there to be watched."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from lab.errors import HostError
from lab.history import Ended, Header, Marked, read
from lab.history.shared_file import begin
from lab.living.ending import end, end_each
from lab.living.history import COMMAND, LivingHistory, file_of
from lab.runtime.runtime import Lost, Removal, Runtime
from lab.runtime.state_file import StateFile
from tests.living.live_lab import RUN, LiveLab

HEADER = Header(
    run=RUN, scenario="s", seed=1, runtime="memory", started="", declared={"steps": []}, mqlab="0", standing=True
)


@dataclass
class Ending:
    """A runtime that ends labs, or fails."""

    fails: HostError | None = None
    ended: list[str] = field(default_factory=list)

    def end(self, note: StateFile, note_folder: Path) -> Removal:
        if self.fails is not None:
            raise self.fails
        self.ended.append(note.run)
        return Removal(parts=6)

    def end_lost(self, lost: Lost, note_folder: Path) -> Removal:
        self.ended.append(lost.run)
        return Removal(parts=5)


@pytest.fixture
def note(tmp_path: Path) -> StateFile:
    note = LiveLab().note.with_fields(folder=str(tmp_path))
    begin(file_of(note), HEADER).close()
    return note


def test_a_lab_that_could_not_be_removed_has_a_history_that_goes_on(note: StateFile, tmp_path: Path) -> None:
    stuck = Ending(HostError("a network could not be removed"))
    with pytest.raises(HostError, match="a network could not be removed"):
        end(note, cast(Runtime, stuck), tmp_path)
    with closing(LivingHistory(note, note.now, COMMAND)) as history:
        history.mark("it is there still")
    (mark,) = read(file_of(note)).observations
    assert isinstance(mark, Marked)
    assert end(note, cast(Runtime, Ending()), tmp_path).parts == 6
    assert isinstance(read(file_of(note)).observations[-1], Ended)
    assert read(file_of(note)).complete


def test_a_run_folder_that_has_gone_keeps_no_lab_from_ending(note: StateFile, tmp_path: Path) -> None:
    file_of(note).unlink()
    its = Ending()
    removal = end(note, cast(Runtime, its), tmp_path)
    assert (its.ended, removal.parts) == ([note.run], 6)
    (warning,) = removal.warnings
    assert "history.jsonl could not be ended" in warning


def test_the_history_of_a_lab_whose_note_is_lost_is_ended_as_cut_short(note: StateFile, tmp_path: Path) -> None:
    lost = Lost(run=note.run, runtime="memory", created="2026-01-01T10:10:10+00:00", folder=tmp_path, counts={})
    assert end(lost, cast(Runtime, Ending()), tmp_path).parts == 5
    (ended,) = read(file_of(note)).observations
    assert isinstance(ended, Ended) and not ended.complete and "state file was lost" in ended.note


def test_of_several_labs_one_that_cannot_be_removed_keeps_no_other_from_ending(note: StateFile, tmp_path: Path) -> None:
    lost = Lost(
        run="20260101-000000-000000", runtime="memory", created="2026-01-01T00:00:00+00:00", folder=None, counts={}
    )
    stuck, its = Ending(HostError("a network could not be removed")), Ending()
    removed, failed = end_each([note, lost], lambda each: cast(Runtime, stuck if each is note else its), tmp_path)
    assert list(removed) == [lost.run] == its.ended
    assert [str(each) for each in failed] == ["a network could not be removed"]
