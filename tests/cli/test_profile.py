"""`mqlab run --profile FILE`: the waits of a run in a file, which changes neither the run nor its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import Commands

RUN = "run", "cut-and-heal", "--runtime", "simulation", "--quiet"
OPENING = ("load, check and plan", "prepare", "await-broker tokyo", "await-bridge connector_tokyo_to_singapore")
END = ("messages", "quiet", "counters agree", "end the watch", "judge", "keep the reports", "keep logs")


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


def test_a_profile_has_every_part_of_a_run_and_the_condition_of_its_waits(mqlab: Commands, tmp_path: Path) -> None:
    file = tmp_path / "profile.json"
    assert mqlab.inside(*RUN, "--profile", file).code == 0
    events = [each for each in json.loads(file.read_text())["traceEvents"] if each["ph"] == "X"]
    here = {each["name"]: each for each in events if each["pid"] == 1}
    virtual = {each["name"]: each for each in events if each["pid"] == 2}
    assert {*OPENING, *END} <= here.keys()
    assert {each["cat"] for each in here.values()} == {"open", "replay", "end", "take down", "judge"}
    assert here["counters agree"]["args"] == {"waits until": "two readings of the brokers' counters agree"}
    assert virtual["step 5: wait 5s"]["dur"] == pytest.approx(5_000_000, abs=1000)
    assert here["step 5: wait 5s"]["dur"] < 5_000_000
    assert [*tmp_path.glob("*.unfinished")] == []


def test_a_profile_changes_nothing_of_a_simulated_history(mqlab: Commands, tmp_path: Path) -> None:
    assert mqlab.inside(*RUN).code == 0
    assert mqlab.inside(*RUN, "--profile", tmp_path / "profile.json").code == 0
    without, beside = sorted((mqlab.home / "runs").glob("2*/history.jsonl"))
    lines = [[line for line in path.read_text().splitlines() if '"kind":"step' in line] for path in (without, beside)]
    assert lines[0] == lines[1] != []


def test_a_failed_run_has_a_profile_and_its_own_exit_code(mqlab: Commands, tmp_path: Path) -> None:
    file = tmp_path / "profile.json"
    assert mqlab.inside("run", "cut-and-heal-fails", *RUN[2:], "--profile", file).code == 1
    assert file.exists()


@pytest.mark.parametrize(("scenario", "code"), [("cut-and-heal", 0), ("cut-and-heal-fails", 1)])
def test_a_full_disk_is_a_warning_by_name_and_the_exit_code_stays(
    mqlab: Commands, tmp_path: Path, scenario: str, code: int
) -> None:
    file = tmp_path / "profile.json"
    file.with_name("profile.json.unfinished").symlink_to("/dev/full")
    ended = mqlab.inside("run", scenario, *RUN[2:], "--profile", file)
    assert ended.code == code
    assert f"warning: the disk is full, or its quota: {file} cannot be written" in ended.err
    assert "name a file on another disk with --profile" in ended.err
    assert not file.exists()


def test_a_profile_replaces_a_profile_and_no_other_file(mqlab: Commands, tmp_path: Path) -> None:
    file, other = tmp_path / "profile.json", tmp_path / "orders.json"
    file.write_text('{"traceEvents": []}')
    other.write_text('{"orders": []}')
    assert mqlab.inside(*RUN, "--profile", file).code == 0
    assert len(file.read_text()) > 1000
    ended = mqlab.inside(*RUN, "--profile", other)
    assert (ended.code, f"{other} is there, and is not a profile" in ended.err) == (2, True)
    assert other.read_text() == '{"orders": []}'


def test_a_path_that_cannot_be_written_ends_with_2_before_anything_is_done(mqlab: Commands, tmp_path: Path) -> None:
    for path, told in ((tmp_path, "is a folder"), (tmp_path / "no" / "such.json", "make the folder")):
        ended = mqlab.inside(*RUN, "--profile", path)
        assert (ended.code, told in ended.err) == (2, True)
    page = tmp_path / "page.html"
    ended = mqlab.inside(*RUN, "--html", page, "--profile", page)
    assert (ended.code, "name two different files" in ended.err) == (2, True)
    assert not mqlab.home.exists()


def test_a_profile_is_for_one_scenario(mqlab: Commands, tmp_path: Path) -> None:
    file = tmp_path / "profile.json"
    ended = mqlab.inside("run", "one-way", *RUN[1:], "--profile", file)
    assert (ended.code, "--profile is for the run of one scenario" in ended.err) == (2, True)
    assert mqlab.inside(*RUN, "--seeds", "2", "--profile", file).code == 2
    assert not file.exists()


def test_a_wrong_scenario_has_no_profile(mqlab: Commands, tmp_path: Path) -> None:
    file = tmp_path / "profile.json"
    assert mqlab.inside("run", "nosuch", *RUN[2:], "--profile", file).code == 2
    assert not file.exists()
