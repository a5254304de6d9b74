"""The scenarios of one run: patterns for files, the failed ones of earlier runs, one part of many, a limit of time."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from lab.base.interrupts import Terminated, ended_by_signals, time_limited
from lab.cli.run_chosen import Failures, expanded, one_shard
from lab.errors import InputError
from lab.runtime.clock import RealClock
from tests.command import Commands
from tests.docs.pages import ROOT

PASSING = (
    (ROOT / "scenarios" / "one-way.yaml").read_text("utf-8").replace("topologies/", f"{ROOT}/scenarios/topologies/")
)
FAILING = PASSING + "  - latency: {to: [sg], at-least: 1m}\n"
SIMULATED = ("--runtime", "simulation", "--quiet")


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    folder = tmp_path / "here"
    (folder / "tests" / "more").mkdir(parents=True)
    return Commands(folder=folder)


def written(commands: Commands, **files: str) -> None:
    for name, text in files.items():
        (commands.folder / "tests" / f"{name}.yaml").write_text(text, "utf-8")


def test_a_pattern_is_its_files_in_order_and_each_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("a/y.yaml", "a/x z.yaml", "a/b/w.yaml", "a/n.txt", "a/q?.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "a" / "folder.yaml").mkdir()
    assert expanded(["one-way", "a/y.yaml", "a/*.yaml"]) == ["one-way", "a/y.yaml", "a/q?.yaml", "a/x z.yaml"]
    assert expanded(["**/w*.yaml"]) == ["a/b/w.yaml"]
    assert expanded(["a/q?.yaml"]) == ["a/q?.yaml"]  # the name of a file, though it looks like a pattern


def test_a_pattern_that_no_file_fits_is_an_error_before_any_run(commands: Commands) -> None:
    written(commands, a=PASSING)
    ended = commands.inside("run", "one-way", "tests/*.yml", *SIMULATED)
    assert (ended.code, ended.out, commands.home.exists()) == (2, "", False)
    assert ended.err.splitlines() == [
        "mqlab: no file matches the pattern tests/*.yml",
        "  write a pattern that matches files, such as tests/a.yaml",
    ]
    missing = commands.inside("run", "absent/*.yaml", *SIMULATED)
    assert missing.err.splitlines()[1] == "  write a pattern in a folder that exists: absent does not"


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_shards_are_all_the_scenarios_each_once(parts: int) -> None:
    names = [f"s{number}" for number in range(5)]
    shards = [one_shard(names, f"{number}/{parts}") for number in range(1, parts + 1)]
    assert sorted(name for shard in shards for name in shard) == names
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


@pytest.mark.parametrize(
    ("shard", "problem", "remedy"),
    [
        ("4/3", "--shard 4/3: there is no part 4 of 3", "write a number from 1 to 3: --shard 1/3"),
        ("0/3", "--shard 0/3: there is no part 0 of 3", "write a number from 1 to 3: --shard 1/3"),
        ("1/0", "--shard 1/0: there is no part 1 of 0", "write --shard 1/1, or remove --shard"),
        ("2", "--shard '2' is not K/N", "write --shard 1/3 for the first of three parts"),
        ("-1/3", "--shard '-1/3' is not K/N", "write --shard 1/3 for the first of three parts"),
    ],
)
def test_a_shard_that_is_not_there_is_refused(shard: str, problem: str, remedy: str) -> None:
    with pytest.raises(InputError) as refused:
        one_shard(["a"], shard)
    assert str(refused.value) == f"{problem}\n  {remedy}"


def test_a_shard_without_scenarios_passes_and_writes_its_reports(commands: Commands, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    ended = commands.inside("run", "one-way", "--shard", "2/2", "--junit", junit, "--runtime", "simulation")
    assert (ended.code, ended.out, ended.err) == (0, "", "there is no scenario to run\n")
    assert "<testsuites" in junit.read_text("utf-8")


@pytest.mark.release
def test_what_did_not_pass_is_run_again_until_it_passes(commands: Commands) -> None:
    written(commands, a=PASSING, b=FAILING, c="scenario: c\n")
    assert commands.inside("run", "--last-failed", *SIMULATED).err.splitlines() == [
        f"mqlab: no run is recorded under {commands.home}",
        "  run mqlab run SCENARIO first",
    ]
    assert commands("run", "tests/*.yaml", "no-such", *SIMULATED).code == 2
    again = commands("run", "--last-failed", *SIMULATED, "--json")
    assert [(run["scenario"], run["outcome"]) for run in again.json] == [
        ("tests/b.yaml", "failed"),
        ("tests/c.yaml", "error"),
    ]
    (commands.folder / "tests" / "c.yaml").unlink()
    written(commands, b=PASSING)
    assert commands.inside("run", "--last-failed", *SIMULATED).code == 0  # of one scenario
    nothing = commands.inside("run", "--last-failed", *SIMULATED)
    assert (nothing.code, nothing.out) == (0, "")


def test_names_beside_the_last_failed_are_refused_and_no_name_at_all_too(commands: Commands) -> None:
    assert "--last-failed chooses the scenarios" in commands.inside("run", "one-way", "--last-failed").err
    assert commands.inside("run").code == 2
    assert "--shard" in commands.inside("run", "one-way", "--seeds", "2", "--shard", "1/2", *SIMULATED).err


def test_the_failures_of_another_folder_are_named_by_their_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").touch()
    (tmp_path / "home").mkdir()
    failures = Failures(tmp_path / "home")
    failures.record(str(tmp_path / "a.yaml"), passed=False)
    failures.record("one-way", passed=False)
    monkeypatch.chdir(tmp_path)
    assert failures.names() == ["a.yaml", "one-way"]
    monkeypatch.chdir(tmp_path / "home")
    assert failures.names() == [str(tmp_path / "a.yaml"), "one-way"]


def endless(commands: Commands) -> str:
    written(commands, endless=PASSING.replace("expect:", "  - wait: 9000h\nexpect:"))
    return "tests/endless.yaml"


def test_of_a_run_that_reaches_its_time_limit_the_events_until_then_are_kept(commands: Commands) -> None:
    words = ("run", endless(commands), "--runtime", "simulation", "--time-limit", "9h")
    process = commands.start(*words)

    def replaying() -> bool:
        histories = commands.home.glob("runs/*/history.jsonl")
        return any('"kind":"step"' in history.read_text("utf-8") for history in histories)

    assert RealClock().wait(replaying, 180)
    process.send_signal(signal.SIGALRM)  # as the timer does
    ended = commands.end_of(process)
    assert ended.code == 4
    assert "the run reached the time limit of 9h" in ended.err and "allow more time: --time-limit 18h" in ended.err
    assert "Terminated: the time limit of 9h" in (commands.latest / "history.jsonl").read_text("utf-8")
    assert (commands.latest / "report.html").is_file()


@pytest.mark.release
def test_of_several_runs_one_that_reaches_its_time_limit_is_an_error(commands: Commands) -> None:
    ended = commands("run", "no-such", endless(commands), *SIMULATED, "--time-limit", "1s", "--json")
    assert ended.code == 4
    assert [(run["outcome"], "the run reached the time limit of 1s" in run["error"]) for run in ended.json] == [
        ("error", False),
        ("error", True),
    ]


def test_a_block_that_takes_too_long_is_ended_and_another_is_not() -> None:
    with ended_by_signals():
        with time_limited(0.01, "the limit") as reached:
            while True:
                signal.pause()
        assert [str(error) for error in reached] == ["the limit"]
        with time_limited(3600, "the limit") as reached:
            pass
        assert (reached, signal.getitimer(signal.ITIMER_REAL)) == ([], (0.0, 0.0))


def test_sigterm_in_a_block_with_a_limit_is_no_limit() -> None:
    with pytest.raises(Terminated), ended_by_signals(), time_limited(3600, "the limit"):
        signal.raise_signal(signal.SIGTERM)


def test_a_time_limit_that_is_no_duration_is_refused(commands: Commands) -> None:
    ended = commands.inside("run", "one-way", "--time-limit", "10")
    assert (ended.code, ended.err.splitlines()[-1].strip()) == (2, "write --time-limit 10m")
