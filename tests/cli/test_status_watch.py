"""`mqlab status --watch` prints the status with the latest events, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from lab import labs
from lab.cli.status_watch import watch
from lab.living.lab import Live


def test_each_update_has_the_status_and_the_events_until_ctrl_c(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also if the interpreter makes another error of Ctrl-C."""
    updates = 0

    def sleep(seconds: float) -> None:
        nonlocal updates
        updates += 1
        if updates == 1:
            lab.cut()
            return
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("release unlocked lock")

    with labs.up("one-way", runtime="simulation", runs=tmp_path, environment={}) as lab:
        its = SimpleNamespace(note=lab.lab.note, clock=SimpleNamespace(sleep=sleep))
        watch(cast(Live, SimpleNamespace(status=lab.status, lab=its)), 2.0)
    first, last = capsys.readouterr().out.split("brokers\n")[1:]
    assert "tokyo → singapore: cut, " not in first and "tokyo → singapore: cut, " in last
    assert "cut link tokyo-singapore (by python)" in last.partition("events\n")[2]
