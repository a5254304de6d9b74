"""The start-up bench gives two ratios: whole, and without the seconds that the ocean takes whatever the lab does."""

from __future__ import annotations

import pytest

from bench.goals import figures
from bench.startup import ocean, summary
from tests.simulation.labs import planned


def test_the_ocean_is_five_round_trips_of_the_plans_link() -> None:
    assert ocean(planned("tokyo-singapore")) == pytest.approx(5 * 0.0706, abs=0.001)


def test_both_ratios_are_medians_of_the_pairs() -> None:
    found = summary([3.0, 3.3, 4.0], [2.4, 2.5, 2.6], 0.35)
    assert (found["ratio"], found["ratios"]) == (1.32, [1.25, 1.32, 1.538])
    assert (found["ratio_without_ocean"], found["ratios_without_ocean"]) == (1.18, [1.104, 1.18, 1.404])
    whole, less = figures("startup", found)
    assert (whole.goal, whole.holds) == ("≤ 1.3", False)
    assert (less.goal, less.holds, less.measured) == (
        "≤ 1.18",
        True,
        "1.18   (without 0.35 s, five round trips of the link)",
    )
