"""What is asked for of `mqlab host` is refused before any lab is looked for."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from lab.cli import app


def test_an_override_replaces_no_file() -> None:
    ended = CliRunner().invoke(app, ["host", "options", "billing", "--compose", "app", "--output", __file__])
    assert (ended.exit_code, "is there" in ended.output) == (2, True)


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
