"""The page about Python: every verb of the command line has its row, each row can be called, and its programs run."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from lab import labs
from lab.history import read
from lab.living.lab import Live
from tests.command import Commands

from .pages import ROOT, blocks, code_words, rows, sections
from .test_pages import COMMANDS, verbs

PAGE = sections(ROOT / "docs" / "python.md")
TABLE = {words[0]: words[1] for cells in rows(PAGE["Each verb"]) for words in [code_words(" ".join(cells))]}
WITH_VERBS = [name for name in COMMANDS if verbs(name) and name != "bundle"]  # which has no lab


def test_every_verb_of_the_command_line_is_on_the_page_and_no_other() -> None:
    told = [tuple(command.split()[1:3]) for command in TABLE]
    wanted = {(name, verb) for name in WITH_VERBS for verb in verbs(name)}
    assert {each for each in told if each[0] in WITH_VERBS} == wanted
    assert len(told) == len(set(told))
    assert {each[0] for each in told if each[0] not in WITH_VERBS} == {
        "run",
        "up",
        "down",
        "status",
        "logs",
        "mark",
        "clock",
    }


@pytest.mark.parametrize(
    "call",
    [
        word
        for cells in rows(PAGE["Each verb"]) + rows(PAGE["Messages"])
        for word in code_words(cells[-1])
        if word.startswith(("lab.", "labs."))
    ]
    + [code_words(cells[0])[0] for cells in rows(PAGE["Messages"])],
)
def test_what_the_page_calls_takes_what_it_is_given(call: str) -> None:
    resolved(ast.parse(call, mode="eval").body)


def resolved(of: ast.expr) -> Any:
    """Return what an expression names: a function, or the type of a value; a call's arguments have to fit."""
    match of:
        case ast.Name(id="labs"):
            return labs
        case ast.Name(id="lab"):
            return Live
        case ast.Attribute(value=value, attr=name):
            return member(resolved(value), name)
        case ast.Call(func=func, args=given, keywords=keywords):
            function = resolved(func)
            by_name = {str(each.arg): each.value for each in keywords}
            bound = inspect.signature(function).bind(*([None] if of_instance(function) else []), *given, **by_name)
            assert bound
            return get_type_hints(function)["return"]
    raise AssertionError(ast.dump(of))


def of_instance(function: Any) -> bool:
    return next(iter(inspect.signature(function).parameters), "") == "self"


def member(of: Any, name: str) -> Any:
    """Return a method, or the type of a property or a field."""
    found = inspect.getattr_static(of, name, None)
    if isinstance(found, property):
        assert found.fget is not None
        return get_type_hints(found.fget)["return"]
    if callable(found):
        return found
    return get_type_hints(of)[name]


def test_the_program_that_the_page_shows_first_runs(tmp_path: Path) -> None:
    """In a simulation: `test_docstring_examples.py` and `tests/integration/` call the verbs of real brokers' labs."""
    mqlab = Commands(folder=tmp_path)
    program = next(block.text for block in blocks("python") if block.page == "docs/python.md")
    its = mqlab.environment(MQLAB_RUNTIME="simulation")
    ended = subprocess.run([sys.executable, "-c", program], env=its, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    assert read(mqlab.latest / "history.jsonl").complete, "the lab has ended with the program"
