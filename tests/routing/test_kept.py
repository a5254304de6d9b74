"""The rules as they are agree with what real brokers did in the networks that are kept; `make routes` asks anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.routing.kept import EXPLAINED, compared, kept, page_table, written_table
from tests.routing.proof import digest, write

RESULTS = kept()


def test_twenty_networks_at_least_are_kept() -> None:
    assert len(RESULTS) >= 20
    assert sum(len(its.answers) for its in RESULTS.values()) >= 400


@pytest.mark.parametrize("seed", sorted(RESULTS))
def test_real_brokers_did_as_the_table_says_or_it_is_explained(seed: int) -> None:
    found = compared(seed, RESULTS[seed])
    assert [str(each) for each in found if not each.agrees and each.name not in EXPLAINED] == []


@pytest.mark.parametrize("seed", sorted(RESULTS))
def test_a_kept_network_is_the_one_that_its_seed_makes(seed: int, tmp_path: Path) -> None:
    write(tmp_path, seed)
    assert digest(tmp_path) == RESULTS[seed].network


def test_what_is_explained_is_a_disagreement() -> None:
    wrong = {each.name for seed, its in RESULTS.items() for each in compared(seed, its) if not each.agrees}
    assert set(EXPLAINED) <= wrong


def test_the_page_has_the_table_of_what_is_kept() -> None:
    assert written_table() == page_table(RESULTS)
