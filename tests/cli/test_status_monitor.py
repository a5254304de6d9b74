"""`mqlab status` starts the monitor process of a detached lab again."""

from __future__ import annotations

from pathlib import Path

from lab.history.shared_file import lock_file
from lab.living import monitor_process
from lab.living.history import file_of
from lab.runtime.clock import RealClock
from tests.command import Commands
from tests.living.notes import noted

RUN = "20261127-120000-abcdef"


def test_a_monitor_that_was_killed_is_started_again_and_named(tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    note = noted(mqlab, RUN)
    Path(note.folder).mkdir()
    assert "monitor" not in mqlab.inside("status", DOCKER_HOST="unix:///nowhere.sock").err  # the lab has no history
    lock_file(file_of(note)).touch()
    ended = mqlab.inside("status", DOCKER_HOST="unix:///nowhere.sock")
    assert f"lab {RUN} had no monitor process: another one is started" in ended.err
    log = monitor_process.log_of(note)
    assert RealClock().wait(lambda: log.stat().st_size > 0, 60)  # it ends by itself, since no engine answers
