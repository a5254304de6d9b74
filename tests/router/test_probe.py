"""What a link costs by itself, told from probes of which many waited for a busy machine."""

from __future__ import annotations

from probe import crossing_cost


def test_probes_that_waited_for_a_core_are_no_cost_of_the_link() -> None:
    quiet = [70_000 + 1000 * n for n in range(20)]
    assert 70 <= crossing_cost(quiet) <= 75
    busy = [*quiet[:4], *(2_300_000 + 1000 * n for n in range(16))]
    assert 70 <= crossing_cost(busy) <= 75


def test_the_cost_is_bounded() -> None:
    assert crossing_cost([5_000_000] * 20) == 500
    assert crossing_cost([-3000] * 20) == 0
