"""The tables of keys in the pages are those that the code makes, with a key's sentence told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from .fields import MODELS, text


@pytest.mark.parametrize("page", dict.fromkeys(page for page, _, _ in MODELS), ids=lambda page: page.stem)
def test_a_page_has_the_tables_of_keys_that_the_code_makes(page: Path) -> None:
    assert page.read_text("utf-8") == text(page), "write them again: python -m tests.docs.fields"
