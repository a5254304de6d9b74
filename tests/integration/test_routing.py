"""Real brokers do as the routing table says; `make routes` asks them of many more networks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.routing.proof import answers, compare

pytestmark = [pytest.mark.docker, pytest.mark.release]


def test_messages_arrive_where_the_table_says(tmp_path: Path) -> None:
    seed = 19
    _, answered, stayed = answers(tmp_path, seed)
    compared = compare(tmp_path, answered, seed=seed, stayed=stayed)
    assert len(compared) >= 12
    assert [str(each) for each in compared if not each.agrees] == []
