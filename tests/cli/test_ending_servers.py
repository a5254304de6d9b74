"""The end of several servers, and of a lab that a served account had."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.api.server_process import Server
from lab.cli.open_servers import end_servers
from lab.cli.serve_lab import remove_ended
from lab.errors import HostError, LabError
from lab.runtime import state_file as state_files
from tests.command import Commands
from tests.living.live_lab import opening
from tests.living.notes import noted
from tests.runtime.memory import Memory, MemoryLab


def server(account: str) -> Server:
    return Server(account=account, url="http://127.0.0.1:1", runtime="none", owner="", opened=datetime.now(UTC))


def test_a_server_that_cannot_be_ended_keeps_no_other_one_from_its_end() -> None:
    def end(its: Server) -> None:
        if its.account == "far":
            raise HostError("the server of account far runs on another machine", "end it there")

    far, near = server("far"), server("near")
    ended, failed = end_servers([far, near], end)
    assert (ended, [type(each) for each in failed]) == ([near], [HostError])


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
