"""The tables of commands, of the history and of the report are those that the code makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import commands
from .schemas import HISTORY, REPORT, text


def test_the_page_of_commands_has_the_tables_that_they_make() -> None:
    assert commands.PAGE.read_text("utf-8") == commands.text(), "write them again: python -m tests.docs.commands"


@pytest.mark.parametrize("page", [HISTORY, REPORT], ids=lambda page: page.stem)
def test_a_page_has_the_tables_that_its_schema_makes(page: Path) -> None:
    assert page.read_text("utf-8") == text(page), "write them again: python -m tests.docs.schemas"
