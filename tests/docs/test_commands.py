"""The tables of the page of commands are those that the code makes."""

from __future__ import annotations

from .commands import PAGE, text


def test_the_page_has_the_tables_that_the_commands_make() -> None:
    assert PAGE.read_text("utf-8") == text(), "write them again: python -m tests.docs.commands"
