"""The end of several servers, and of a lab that a served account had."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.cli.open_servers import end_servers
from lab.errors import HostError, LabError
from lab.extras.api.commands.open_servers import OpenAccount
from lab.extras.api.commands.serve_lab import remove_ended
from lab.extras.api.server_process import Server
from lab.runtime import state_file as state_files
from lab.runtime.owner import Owner
from tests.command import Commands
from tests.living.live_lab import opening
from tests.living.notes import noted
from tests.runtime.memory import Memory, MemoryLab


def test_a_server_that_cannot_be_ended_keeps_no_other_one_from_its_end(tmp_path: Path) -> None:
    far, near = (
        OpenAccount(Server(account=name, url="", runtime="none", owner=owner, opened=datetime.now(UTC)), tmp_path)
        for name, owner in (("far", "elsewhere"), ("near", str(replace(Owner.current(), pid=2**22 + 1))))
    )
    ended, failed = end_servers([far, near])
    assert ended == {"near": "the server of account near has ended"}
    assert [type(each) for each in failed] == [HostError]


def test_a_lab_that_does_not_answer_is_removed_only_if_it_has_ended(tmp_path: Path) -> None:
    commands = Commands(folder=tmp_path)
    note = noted(commands, "20260101-000000-abcdef", detached=True)
    memory, late = Memory(), LabError("its router did not answer within 5 s")
    memory.labs[note.run] = MemoryLab(opening("one-way"))
    with pytest.raises(HostError, match=f"lab {note.run} does not answer: its router .*\n.*mqlab down {note.run}"):
        remove_ended(note, memory, commands.state, late)  # type: ignore[arg-type]
    assert state_files.load(note.run, commands.state) is not None
    del memory.labs[note.run]
    remove_ended(note, memory, commands.state, late)  # type: ignore[arg-type]
    assert state_files.load(note.run, commands.state) is None
