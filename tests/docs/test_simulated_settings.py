"""The page of what the simulation makes of each setting is the one that the code makes."""

from __future__ import annotations

from .simulated_settings import PAGE, text


def test_the_page_is_as_the_code_refuses() -> None:
    assert PAGE.read_text("utf-8") == text(), "write it anew: python -m tests.docs.simulated_settings"
