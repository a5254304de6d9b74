"""Makes the router's programs importable, as they are in its container, and hands out network namespaces."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.promised import lacking
from tests.router import namespaces

sys.path.insert(0, str(Path(__file__).parents[2] / "docker" / "router"))


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[namespaces.Bed]:
    if reason := namespaces.unfit():
        lacking(reason)
    with namespaces.bed(tmp_path) as made:
        yield made
