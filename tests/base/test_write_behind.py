"""What waits to be written is bounded, in number and size."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from lab.base.write_behind import WrittenBehind


class Slowly(WrittenBehind[str]):
    EVERY = 3600.0

    def __init__(self) -> None:
        super().__init__(os.open(os.devnull, os.O_WRONLY))
        self.written: list[str] = []
        self._begin("test")

    def add(self, unit: str, weight: int) -> None:
        self._add(unit, weight)

    def _write(self, waiting: Sequence[str]) -> None:
        self.written += waiting


@pytest.mark.parametrize(("count", "weight"), [(50_001, 1), (2, 30_000)])
def test_who_hands_over_too_much_writes_it(count: int, weight: int) -> None:
    with Slowly() as behind:
        for _ in range(count - 1):
            behind.add("x", weight)
        assert behind.written == []
        behind.add("x", weight)
        assert len(behind.written) == count
