"""What is asked for of `mqlab host` is refused before any lab is looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
