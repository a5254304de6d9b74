"""The logs of a run that has ended are those that its run folder keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands

RUN = "20260821-101500-a1b2c3"


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    found = Commands(folder=tmp_path)
    logs = found.home / "runs" / RUN / "logs"
    logs.mkdir(parents=True)
    (logs / "tokyo.log").write_bytes(b"one\r\ntwo \x1b[31m\nthree \xff\nfour")
    (logs / "router.log").write_text("ready\n")
    return found


def test_of_an_ended_run_it_is_printed_from_its_folder(mqlab: Commands) -> None:
    ended = mqlab.inside("logs", "tokyo", "--run", RUN)
    assert (ended.code, ended.out.splitlines()[0], ended.out.splitlines()[-1]) == (0, "one", "four")
    assert "\x1b" not in ended.out
    assert mqlab.inside("logs", "router", "--run", "a1b2c3").out == "ready\n"


def test_only_the_last_lines_and_as_json(mqlab: Commands) -> None:
    assert mqlab.inside("logs", "tokyo", "--run", RUN, "--tail", "1").out == "four\n"
    assert mqlab.inside("logs", "tokyo", "--run", RUN, "--tail", "0").out == ""
    assert mqlab.inside("logs", "router", "--run", RUN, "--json").json == {"from": "router", "line": "ready"}


def test_a_log_that_was_not_kept_is_refused_with_those_that_were(mqlab: Commands) -> None:
    ended = mqlab.inside("logs", "toky", "--run", RUN)
    assert (ended.code, ended.out) == (2, "")
    assert f'run {RUN} kept no log of "toky"' in ended.err
    assert "did you mean tokyo?" in ended.err
    assert "logs: router, tokyo" in ended.err


def test_a_run_that_nobody_knows_is_no_lab_that_runs(mqlab: Commands) -> None:
    ended = mqlab.inside("logs", "tokyo", "--run", "none")
    assert ended.code != 0
    assert "kept no log" not in ended.err
