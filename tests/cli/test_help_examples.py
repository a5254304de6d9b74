"""The example in each command's help is one that works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands
from tests.help_examples import COMMANDS, example

# In this order, each with what the ones before it have left; they need neither an engine nor a running lab.
ALONE = (
    "run", "judge", "history", "vary", "scenarios", "plan", "render", "routes", "regions", "generate", "check",
    "schema",
)  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS)
def test_every_example_is_read_by_its_command(words: str) -> None:
    given = example(words)[len(words.split()) :]
    context = COMMANDS[words].make_context(f"mqlab {words}", list(given))
    assert len(given) == 0 or any(context.params.values())


@pytest.mark.parametrize("words", ["check", "link cut"])
def test_help_begins_with_the_usage_and_an_example(words: str, tmp_path: Path) -> None:
    usage, line, *_ = filter(str.strip, Commands(folder=tmp_path).inside(*words.split(), "--help").out.splitlines())
    assert f" {words} [OPTIONS]" in usage
    assert line.strip() == f"Example: {COMMANDS[words].example}"


@pytest.mark.release
def test_the_examples_that_need_no_engine_end_well(tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    for words in ALONE:
        ended = mqlab.inside(*example(words))
        assert (words, ended.code) == (words, 0), ended.err
        assert ended.out or ended.err or words == "generate"
