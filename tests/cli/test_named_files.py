"""Whatever is named instead of a file is refused at once, by its name, with exit code 2."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lab.cli import app
from tests.command import MQLAB, Commands

LONG = "a" * 300
RUN = Path(__file__).parents[1] / "judge" / "all-passed"


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        ("check", f"{LONG}.yaml"),
        ("check", f"{LONG}.xml"),
        ("check", LONG),
        ("check", "SOUND.xml", "--output", LONG),
        ("plan", f"{LONG}.yaml"),
        ("judge", LONG),
        ("judge", f"{LONG}.jsonl"),
        ("judge", "--html", LONG),
        ("judge", "--junit", LONG),
        ("judge", "--scenario", LONG),
        ("history", LONG),
        ("history", f"{LONG}/history.jsonl", "--follow"),
        ("run", f"{LONG}.yaml"),
        ("scenarios", LONG),
        ("scenarios", "one-way", "--copy", LONG),
    ],
    ids=lambda words: " ".join(words).replace(LONG, "LONG"),
)
def test_a_name_too_long_for_a_file_is_bad_input(mqlab: Commands, tmp_path: Path, words: Sequence[str]) -> None:
    sound = tmp_path / "SOUND.xml"
    sound.write_text('<broker xmlns="http://activemq.apache.org/schema/core"/>')
    history = Path(__file__).parents[1] / "judge" / "all-passed" / "history.jsonl"
    named = [str(sound) if word == "SOUND.xml" else word for word in words]
    if named[1].startswith("--"):
        named.insert(1, str(history))
    ended = mqlab.inside(*named)
    assert ended.code == 2, ended.err
    assert LONG in ended.err.replace("\n", "") or "characters is too long for a file" in ended.err
    assert "doctor" not in ended.err


@pytest.mark.parametrize("words", [("judge",), ("history",), ("history", "-f"), ("check",), ("plan",)], ids=" ".join)
def test_a_pipe_is_not_waited_for(mqlab: Commands, tmp_path: Path, words: Sequence[str]) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    ended = mqlab.inside(*words, tmp_path / "pipe.jsonl")
    assert ended.code == 2, ended.err
    assert "pipe.jsonl is a device or a pipe" in ended.err


def test_a_pipe_among_the_files_of_a_scenario_is_not_waited_for(mqlab: Commands, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "story.yaml").write_text("scenario: s\ntopology: pipe\nsteps:\n  - wait: 1s\n")
    ended = mqlab.inside("check", tmp_path / "story.yaml")
    assert ended.code == 2
    assert f"story.yaml:2:11: the file {tmp_path}/pipe is a device or a pipe" in ended.err.replace("\n", "")


def test_a_file_in_a_folder_that_may_not_be_entered_has_its_place(tmp_path: Path) -> None:
    """As root everything may be entered: a loop of links is refused in the same way."""
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "story.yaml").write_text("scenario: s\ntopology: loop/t.yaml\nsteps:\n  - wait: 1s\n")
    ended = Commands(folder=tmp_path).inside("check", tmp_path / "story.yaml")
    assert ended.code == 2
    assert "story.yaml:2:11: the file" in ended.err


@pytest.mark.parametrize("command", ["judge", "history", "check"])
def test_a_file_whose_content_cannot_be_had_is_named(mqlab: Commands, command: str) -> None:
    """It is there and opens; reading it fails, as on a broken disk."""
    ended = mqlab.inside(command, "/proc/self/mem")
    assert (ended.code, "/proc/self/mem cannot be read: " in ended.err) == (2, True)


def test_a_file_whose_content_cannot_be_had_has_the_place_where_it_is_named(mqlab: Commands, tmp_path: Path) -> None:
    (tmp_path / "story.yaml").write_text("scenario: s\ntopology: /proc/self/mem\nsteps:\n  - wait: 1s\n")
    told = mqlab.inside("check", tmp_path / "story.yaml").err
    assert "story.yaml:2:11: /proc/self/mem cannot be read: " in told.replace("\n", "")
    variant = "tokyo-singapore", "--set", "brokers.tokyo.configuration=/proc/self/mem"
    told = mqlab.inside("check", *variant).err
    assert "mqlab: --set brokers.tokyo.configuration (" in told and "/proc/self/mem cannot be read: " in told


@pytest.mark.parametrize("ending", ["", ".sha256", ".part"])
def test_images_are_saved_over_nothing_that_is_there(mqlab: Commands, tmp_path: Path, ending: str) -> None:
    there = tmp_path / f"images.tar{ending}"
    there.write_text("mine")
    ended = mqlab.inside("images", "--save", tmp_path / "images.tar")
    assert (ended.code, f"{there} is there" in ended.err) == (2, True)
    assert [path.read_text() for path in tmp_path.glob("images.*")] == ["mine"]


def test_a_home_that_no_folder_can_have_has_no_runs(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["history"], env={"MQLAB_HOME": str(tmp_path / LONG)})
    assert (ended.exit_code, "there is no run under" in ended.stderr) == (2, True)


@pytest.mark.parametrize("command", [("judge", RUN), ("run", "tokyo-singapore")])
def test_one_file_for_two_reports_is_refused_before_anything_is_written(
    mqlab: Commands, tmp_path: Path, command: tuple[str | Path, ...]
) -> None:
    ended = mqlab.inside(*command, "--html", tmp_path / "report", "--junit", tmp_path / "." / "report")
    assert (ended.code, "--html and --junit would both write" in ended.err) == (2, True)
    assert not (tmp_path / "report").exists()
    assert not mqlab.home.exists()


def limited(mqlab: Commands, *words: str | Path, into: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command that may write one block of a file, and no more, as on a disk that fills up."""
    line = f"ulimit -f 1; {shlex.join([MQLAB, *map(str, words)])} {into}"
    return subprocess.run(
        ["bash", "-c", line], env=mqlab.environment(), cwd=mqlab.folder, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("options", [["--html"], ["--junit"], ["--html", "--junit"]])
def test_where_a_report_finds_no_room_the_verdicts_are_told_and_nothing_of_it_stays(
    mqlab: Commands, tmp_path: Path, options: list[str]
) -> None:
    history = Path(__file__).parents[1] / "judge" / "counters-failed" / "history.jsonl"
    paths = {option: tmp_path / f"report.{option[2:]}" for option in options}
    done = limited(mqlab, "judge", history, *(word for pair in paths.items() for word in pair))
    assert done.returncode == 3
    assert "✘ forwarded" in done.stdout
    said = [" ".join(line.split()).removeprefix("mqlab: ") for line in done.stderr.splitlines()]
    full = [f"{path} cannot be written: File too large" for path in paths.values()]
    assert said == [*full, "choose another place with --html and --junit"]
    assert [*tmp_path.iterdir()] == []


@pytest.mark.release
def test_a_table_that_finds_no_room_leaves_no_part_of_itself(mqlab: Commands, tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    done = limited(mqlab, "vary", "small-window", "--seeds", "40", "--csv", path, "--quiet", "--jobs", "1")
    assert (done.returncode, f"{path} cannot be written: File too large" in done.stderr) == (3, True), done
    assert not path.exists()


def test_a_stdout_that_cannot_be_written_is_told_once(mqlab: Commands) -> None:
    fails = ["run", "nosuch", "--json"]
    for words in (["judge", RUN / "history.jsonl", "--json"], ["scenarios", "--json"], ["scenarios"], fails):
        done = limited(mqlab, *words, into=">/dev/full")
        assert (done.returncode, "Traceback" in done.stderr) == (2 if words is fails else 3, False), (words, done)
        assert ('no scenario named "nosuch"' if words is fails else "No space left on device") in done.stderr


@pytest.mark.release
def test_a_stdout_that_is_closed_changes_no_exit_code(mqlab: Commands) -> None:
    run = ["run", "one-way", "--runtime", "simulation", "--quiet"]
    broken = Path(__file__).parents[1] / "judge" / "counters-failed" / "history.jsonl"
    for words, code in ((run, 0), ([*run, "one-way"], 0), (["judge", broken], 1), (["scenarios", "--json"], 0)):
        line = f"{shlex.join([MQLAB, *map(str, words)])} >&-"
        done = subprocess.run(
            ["bash", "-c", line], env=mqlab.environment(), capture_output=True, text=True, timeout=120
        )
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), (words, done)


@pytest.mark.parametrize(
    "words",
    [
        ("run", "one-way", "--reports", ""),
        ("run", "one-way", "--runs", " "),
        ("up", "one-way", "--runs="),
        ("generate", "ring", "--regions", "eu-west-1,us-east-1,sa-east-1", "--folder", ""),
    ],
    ids=" ".join,
)
def test_an_empty_name_is_no_folder(mqlab: Commands, tmp_path: Path, words: Sequence[str]) -> None:
    """As of a shell's variable that is not set: nothing is written into the current folder."""
    ended = mqlab.inside(*words)
    assert (ended.code, "an empty text names no folder" in ended.err) == (2, True), ended.err
    assert not list(tmp_path.iterdir())
