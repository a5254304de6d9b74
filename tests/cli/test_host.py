"""What is asked for of `mqlab host` is refused before any lab is looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lab.cli import app
from lab.cli.host import print_options
from lab.errors import InputError


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"output": Path("override.yaml")}, "--output is for a Compose override"),
        ({"compose": "app", "json": True}, "--compose and --json exclude each other"),
        ({"compose": "app", "output": Path(__file__)}, "is there"),
    ],
)
def test_forms_that_exclude_each_other(asked: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        print_options("billing", **asked)


@pytest.mark.parametrize("words", ["--rm image", "-it image", "image --rm", "--run=x image --env=A=b"])
def test_options_of_docker_run_stand_behind_two_dashes(words: str) -> None:
    ended = CliRunner().invoke(app, ["host", "run", "billing", *words.split()])
    assert ended.exit_code == 2
    strange = next(word for word in reversed(words.split()) if word.startswith("-"))
    assert f"{strange} is not an option of mqlab" in ended.output
    assert "host run … -- [OPTIONS] IMAGE [COMMAND]" in ended.output


def test_help_is_not_asked_of_docker() -> None:
    ended = CliRunner().invoke(app, ["host", "run", "-h"])
    assert ended.exit_code == 0 and "mqlab host run" in ended.output
