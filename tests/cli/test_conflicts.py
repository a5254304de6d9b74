"""The table of options that exclude each other: each row names options of its command, and is an error there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lab.cli import conflicts
from lab.cli.conflicts import CONFLICTS, EACH_OTHER, WITHOUT, Conflict
from lab.errors import InputError
from tests.command import Commands
from tests.help_examples import COMMANDS

ROWS = [(command, number) for command, rows in CONFLICTS.items() for number in range(len(rows))]
FACTS = {
    "a-configuration", "a-scenario", "many-seeds", "no-broker-of-a-lab", "no-url", "several-configurations",
    "several-runs-at-once", "several-scenarios",
}  # fmt: skip
BESIDE = {  # the words without which an earlier row of the command would be the error
    ("broker update", 2): ("--revision", "1"),
    ("record", 1): ("--topic", "prices.eur"),
}
VALUES = {"N": "1", "TIME": "5s", "VERSION": "5.18.3", "NAME=VALUE": "a=b", "K/N": "1/2"}  # by metavar


def named(command: str) -> dict[str, Any]:
    """Return the parameters of a command by the names that rows have for them."""
    return {
        name: each
        for each in COMMANDS[command].params
        for name in (each.opts if each.param_type_name == "option" else [each.metavar.strip("[].")])
    }


def words(command: str, names: tuple[str, ...]) -> Iterator[str]:
    """Yield a command line with some options and arguments, and those that the command requires."""
    for name, each in named(command).items():
        is_option = name.startswith("-")
        if name in names or (each.required and name in (each.opts[0], each.metavar.strip("[]."))):
            yield from [name] if is_option else []
            yield from [] if is_option and each.is_flag else [VALUES.get(each.metavar, "x.jsonl")]


def lines(row: Conflict) -> Iterator[tuple[str, ...]]:
    """Yield the options of command lines that have the error of a row."""
    options = row.options.split()
    if row.others == EACH_OTHER:
        yield from pairwise(options)
    elif row.others.startswith(WITHOUT):
        yield from ((option,) for option in options or [""])
    else:
        yield from ((option, other) for option in options for other in row.others.split())


@pytest.mark.parametrize(("command", "number"), ROWS)
def test_a_row_names_options_of_its_command(command: str, number: int) -> None:
    row = CONFLICTS[command][number]
    others = set() if row.others == EACH_OTHER else set(row.others.removeprefix(WITHOUT).split())
    assert {*row.options.split(), *(others - FACTS)} <= named(command).keys()


@pytest.mark.parametrize(
    ("command", "number"),
    [(command, number) for command, number in ROWS if CONFLICTS[command][number].others not in FACTS],
)
def test_a_row_is_an_error_of_its_command(tmp_path: Path, command: str, number: int) -> None:
    row = CONFLICTS[command][number]
    for names in lines(row):
        line = [*command.split(), *words(command, names), *BESIDE.get((command, number), ())]
        ended = Commands(folder=tmp_path).inside(*line)
        *some, last = row.options.split() or [""]
        problem = (row.problem or f"{', '.join(some)} and {last} exclude each other").replace("{given}", names[0])
        assert (ended.code, ended.err.splitlines()[0]) == (2, f"mqlab: {problem}"), line


@pytest.mark.parametrize("fact", sorted(FACTS))
def test_a_fact_excludes_options(fact: str) -> None:
    for command, row in ((command, row) for command, rows in CONFLICTS.items() for row in rows if row.others == fact):
        for option in row.options.split():
            conflicts.check(command, {option: "x"}, "another-fact")
            with pytest.raises(InputError) as refused:
                conflicts.check(command, {option: "x"}, fact, seed=1)
            assert (row.problem.replace("{given}", option)) == refused.value.problems[0].what


def test_a_value_that_a_remedy_repeats() -> None:
    with pytest.raises(InputError, match="remove --all to end only 1205-x"):
        conflicts.check("down", {"RUN": "1205-x", "--all": True})
