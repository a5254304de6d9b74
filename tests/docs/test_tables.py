"""The tables of commands and of the history are those that the code makes."""

from __future__ import annotations

from . import commands, history


def test_the_page_of_commands_has_the_tables_that_they_make() -> None:
    assert commands.PAGE.read_text("utf-8") == commands.text(), "write them again: python -m tests.docs.commands"


def test_the_page_of_the_history_has_the_tables_that_its_lines_make() -> None:
    assert history.PAGE.read_text("utf-8") == history.text(), "write them again: python -m tests.docs.history"
