"""`mqlab doctor --settings` prints every environment variable that mqlab reads, with the text in force."""

from __future__ import annotations

from pathlib import Path

from lab.base.masking import MASK
from tests.command import Commands


def test_settings_are_printed_with_the_text_in_force(tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path).inside(
        "doctor",
        "--settings",
        "--json",
        MQLAB_PASSWORD="correct-horse-42",
        DOCKER_HOST="ssh://lab:correct-horse-42@east",
        MQLAB_CACHE="",
        XDG_CACHE_HOME="/cache",
    )
    assert ended.code == 0
    assert "correct-horse" not in ended.out
    rows = {row["name"]: row for row in ended.json}
    assert (rows["MQLAB_PASSWORD"]["value"], rows["MQLAB_PASSWORD"]["set"]) == (MASK, True)
    assert rows["DOCKER_HOST"]["value"] == f"ssh://{MASK}@east"
    assert (rows["MQLAB_CACHE"]["value"], rows["MQLAB_CACHE"]["set"]) == ("/cache/mqlab", False)
    assert rows["MQLAB_HOME"]["value"] == str(tmp_path / "home")
    assert rows["MQLAB_RUN"]["value"] == "the only running lab"


def test_settings_are_printed_for_people_as_sentences(tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path).inside("doctor", "--settings", MQLAB_POOL="")
    assert ended.code == 0
    assert (
        "MQLAB_POOL=10.213.0.0/16 (default)\n"
        "    Private block of addresses that labs take their subnets from. Unit: CIDR block.\n"
    ) in ended.out


def test_a_misspelled_variable_is_named_with_the_right_one(tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path).inside(
        "check", "tokyo-singapore", MQLAB_RUNTIM="simulation", MQLAB_A_PASSWORD="x"
    )
    assert (ended.code, ended.err) == (0, "warning: unknown variable MQLAB_RUNTIM: did you mean MQLAB_RUNTIME?\n")


def test_a_wrong_value_of_a_variable_is_refused_by_each_command(tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path).inside("check", "tokyo-singapore", MQLAB_OFFLINE="maybe")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[1] == "  write MQLAB_OFFLINE=yes, or MQLAB_OFFLINE=no"
    (file := tmp_path / "file").touch()
    ended = Commands(folder=tmp_path).inside("status", MQLAB_STATE=str(file))
    assert (ended.code, ended.err) == (2, f"mqlab: MQLAB_STATE: {file} is a file\n  name a folder\n")
    ended = Commands(folder=tmp_path).inside("run", "one-way", "--runtime", "simulation", MQLAB_HOME=str(file))
    assert (ended.code, ended.err.splitlines()[-1]) == (3, "  set MQLAB_HOME to a folder")
