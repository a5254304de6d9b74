"""A scenario from a history on the command line: what is written, what is left alone, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    commands = Commands(folder=tmp_path)
    assert commands.inside("run", "tokyo-singapore", "--runtime", "simulation", "--quiet").code == 0
    return commands


def test_a_run_becomes_a_scenario_that_runs_with_its_expectations(mqlab: Commands) -> None:
    ended = mqlab.inside("history", "--as-scenario", "mine.yaml", "--expect", "tokyo-singapore")
    assert (ended.code, ended.out, ended.err) == (0, "mine.yaml: 4 steps\n", "")
    assert mqlab.inside("check", "mine.yaml").code == 0
    assert mqlab.inside("run", "mine.yaml", "--runtime", "simulation", "--quiet").code == 0


def test_a_file_that_is_there_is_left_alone_unless_forced(mqlab: Commands) -> None:
    kept, link = mqlab.folder / "mine.yaml", mqlab.folder / "link.yaml"
    kept.write_text("mine")
    link.symlink_to(kept)
    for name in ("mine.yaml", "link.yaml"):
        ended = mqlab.inside("history", "--as-scenario", name)
        assert ended.code == 2
        assert "add --force to overwrite it" in ended.err
    assert kept.read_text() == "mine"
    assert mqlab.inside("history", "--as-scenario", "link.yaml", "--force").code == 0
    assert kept.read_text() == "mine", "a link is replaced, and not followed"
    assert mqlab.inside("history", "--as-scenario", "mine.yaml", "--force").code == 0
    assert kept.read_text().startswith("# Made of the history")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--as-scenario", "mine.yaml", "--kind", "sent"), "--as-scenario writes the whole run"),
        (("--as-scenario", "mine.yaml", "--follow"), "--as-scenario writes the whole run"),
        (("--as-scenario", "mine.txt"), "is not a valid name for a scenario file"),
        (("--as-scenario", "none/mine.yaml"), "cannot be written"),
        (("--expect", "tokyo-singapore"), "--expect is valid only with --as-scenario"),
        (("--force",), "--force is valid only with --as-scenario"),
        (("--as-scenario", "mine.yaml", "--expect", "none"), 'no scenario named "none"'),
    ],
)
def test_a_wrong_line_writes_nothing(mqlab: Commands, words: tuple[str, ...], problem: str) -> None:
    ended = mqlab.inside("history", *words)
    assert ended.code == 2
    assert problem in ended.err
    assert not (mqlab.folder / "mine.yaml").exists()


def test_a_scenario_that_a_check_refuses_is_written_and_told(mqlab: Commands) -> None:
    """Its expectation is about a client that the run did not have."""
    ended = mqlab.inside("history", "--as-scenario", "mine.yaml", "--expect", "qos")
    assert ended.code == 1
    assert "mqlab check refuses mine.yaml: correct the file by hand" in ended.err
    assert (mqlab.folder / "mine.yaml").exists()


def test_a_history_of_a_killed_run_is_told(mqlab: Commands) -> None:
    history = mqlab.latest / "history.jsonl"
    dead = mqlab.folder / "dead.jsonl"
    lines = history.read_bytes().splitlines(keepends=True)
    begun = next(number for number, line in enumerate(lines) if b'"kind":"step","step":3' in line)
    dead.write_bytes(b"".join(lines[: begun + 1]) + b'{"t":')
    ended = mqlab.inside("history", dead, "--as-scenario", "mine.yaml")
    assert ended.code == 0
    assert "the run was killed, or still goes on: later steps are missing" in ended.err
    assert "step 4, publish, did not begin: the run ended before it" in ended.err
    assert "step 3, publish 10 to" in ended.err
