"""A report is printed whatever stdout's encoding is; what a question mark would falsify is refused instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path / "here")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_the_encoding_of_stdout_changes_no_exit_code_of_a_run(commands: Commands, encoding: str) -> None:
    """At 80 columns, where something of a table is cut."""
    words = ("run", "one-way", "--runtime", "simulation", "--quiet")
    done = commands(*words, PYTHONIOENCODING=encoding, COLUMNS="80", PYTHONUTF8="0")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("one way only: held, simulated\n")


def test_what_the_encoding_has_no_sign_for_is_told_where_it_could_be_part_of_a_value(commands: Commands) -> None:
    done = commands("regions", "ap-northeast-1", "ap-southeast-1", PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert (done.code, done.out) == (3, "")
    assert "latin-1 has no sign for '\\u2013'" in done.err and "PYTHONIOENCODING=utf-8" in done.err
