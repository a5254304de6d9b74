"""The lists of commands, of the history, of the report and others are those that the code makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import commands, scenarios, vulnerabilities
from .schemas import HISTORY, REPORT, text


@pytest.mark.parametrize("made", [commands, scenarios, vulnerabilities], ids=lambda made: made.PAGE.stem)
def test_a_page_has_the_list_that_the_code_makes(made: object) -> None:
    assert made.PAGE.read_text("utf-8") == made.text(), f"write it again: python -m {made.__name__}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", [HISTORY, REPORT], ids=lambda page: page.stem)
def test_a_page_has_the_lists_that_its_schema_makes(page: Path) -> None:
    assert page.read_text("utf-8") == text(page), "write them again: python -m tests.docs.schemas"
