"""Which open lab is meant, and what is said of one whose note is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.errors import HostError, InputError
from lab.living.attach import chosen
from lab.runtime import state_file as state_files
from lab.runtime.runtime import Lost
from tests.living.live_lab import LiveLab
from tests.runtime.memory import Memory

LOST = "20260101-101010-bbbbbb"


class Losing(Memory):
    """A runtime with a lab whose note is lost."""

    def __init__(self, *, unreachable: HostError | None = None) -> None:
        super().__init__("memory", unreachable=unreachable)
        self.asked = 0

    def lost_labs(self, note_folder: Path) -> tuple[Lost, ...]:
        self.asked += 1
        return (Lost(run=LOST, runtime=self.name, created="", folder=None, counts={}),)


@pytest.mark.parametrize("run", [None, LOST, "bbbbbb", "20260101"])
def test_a_lab_whose_note_is_lost_is_named_with_its_end(run: str | None, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        chosen(run, {"MQLAB_STATE": str(tmp_path)}, (Losing(),))
    assert str(refused.value) == f"lab {LOST}: its state file is lost or damaged\n  end the lab: mqlab down {LOST}"


def test_no_runtime_is_asked_where_a_note_is_found(tmp_path: Path) -> None:
    its = Losing()
    note = LiveLab().note.with_fields(run="20260101-101010-aaaaaa")
    state_files.save(note, tmp_path)
    assert chosen(None, {"MQLAB_STATE": str(tmp_path)}, (its,)).run == note.run
    assert its.asked == 0
    with pytest.raises(InputError, match="its state file is lost"):
        chosen("bbbbbb", {"MQLAB_STATE": str(tmp_path)}, (its,))
    with pytest.raises(InputError, match='no lab "cccccc" is running\n  running:\n  20260101-101010-aaaaaa'):
        chosen("cccccc", {"MQLAB_STATE": str(tmp_path)}, (its,))


def test_where_no_runtime_answers_no_lab_is_known(tmp_path: Path) -> None:
    unreachable = Losing(unreachable=HostError("no engine answers"))
    with pytest.raises(InputError, match="no lab is running"):
        chosen(None, {"MQLAB_STATE": str(tmp_path)}, (unreachable,))
