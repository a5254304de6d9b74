"""A user without a home folder: HOME is not set, and the system knows no account of this user id."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.base.user_home import empty_home_if_none, user_home
from tests.command import plain

# The command line where the system knows no account, as it does not in a container that runs with a user id alone.
PROGRAM = """
import os, pwd, sys
def unknown(uid): raise KeyError(uid)
pwd.getpwuid = unknown
sys.argv[0] = "mqlab"
from lab.__main__ import main
main()
"""
NOWHERE = (
    "mqlab: there is no folder for the state files of labs: this user has no home folder, and HOME is not set\n"
    "  set HOME, or "
)


def said(folder: Path, *words: str, **more: str) -> tuple[int, str, str]:
    without = {name: text for name, text in plain(os.environ).items() if name != "HOME" and not name.startswith("XDG_")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env={**without, "MQLAB_HOME": str(folder / "runs"), "DOCKER_HOST": f"unix://{folder}/none.sock", **more},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def test_a_simulation_needs_none_and_its_history_is_read(tmp_path: Path) -> None:
    code, _, err = said(tmp_path, "run", "one-way", "--runtime", "simulation", "--quiet")
    assert (code, err) == (0, "")
    code, out, err = said(tmp_path, "history")
    assert (code, err) == (0, "") and "the replay came to its end" in out


@pytest.mark.release
@pytest.mark.parametrize("words", [["run", "one-way"], ["up", "one-way"], ["status"], ["down"], ["sweep"]])
def test_what_needs_notes_names_the_variables(tmp_path: Path, words: list[str]) -> None:
    code, _, err = said(tmp_path, *words)
    assert (code, err.startswith(NOWHERE + "MQLAB_STATE"), (tmp_path / "runs").exists()) == (3, True, False), err


@pytest.mark.release
@pytest.mark.parametrize("variable", ["MQLAB_STATE", "XDG_STATE_HOME"])
def test_notes_have_a_folder_that_is_named_otherwise(tmp_path: Path, variable: str) -> None:
    code, _, err = said(tmp_path, "run", "one-way", **{variable: str(tmp_path / "state")})
    assert (code, err.startswith("mqlab: no Docker engine answers")) == (3, True), err


def test_the_doctor_says_that_downloads_have_no_folder(tmp_path: Path) -> None:
    code, out, _ = said(tmp_path, "doctor", COLUMNS="200")
    assert code == 3 and "disk: there is no folder for downloads" in out and "MQLAB_CACHE" in out
    assert "no Docker engine answers" in out


def test_a_shell_is_offered_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "runs" / "runs" / "20260820-101500-0a0b0c").mkdir(parents=True)
    shell = {"COMP_WORDS": "mqlab history 2026", "COMP_CWORD": "2", "_MQLAB_COMPLETE": "complete_bash"}
    assert said(tmp_path, **shell)[1].split() == ["20260820-101500-0a0b0c"]


def test_it_is_that_of_home_or_of_the_account() -> None:
    def none() -> Path:
        raise RuntimeError("Could not determine home directory.")

    assert user_home({"HOME": "/a"}, none) == Path("/a")
    assert user_home({}, lambda: Path("/b")) == Path("/b")
    assert user_home({"HOME": ""}, lambda: Path("/b")) is user_home({}, none) is None


def test_libraries_find_the_one_there_is() -> None:
    before = os.environ.get("HOME")
    with empty_home_if_none():
        assert os.environ.get("HOME") == before
