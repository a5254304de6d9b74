"""The page of a simulated lab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .pages import Served, served


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Served]:
    with served("tokyo-singapore", tmp_path) as its:
        yield its
