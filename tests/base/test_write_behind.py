"""What waits to be written is bounded, in number and size."""

from __future__ import annotations

import pytest

from lab.base.write_behind import WriteBehind


class Slowly(WriteBehind[str]):
    EVERY = 3600.0


@pytest.mark.parametrize(("count", "weight"), [(50_001, 1), (2, 30_000)])
def test_who_hands_over_too_much_writes_it(count: int, weight: int) -> None:
    written: list[str] = []
    behind = Slowly(written.extend, "test")
    for _ in range(count - 1):
        behind.add("x", weight)
    assert written == []
    behind.add("x", weight)
    assert len(written) == count
    behind.close()
