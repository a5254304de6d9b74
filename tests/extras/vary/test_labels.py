"""What stands for values in tables and errors: themselves, or where they have a password a mask, told apart."""

from __future__ import annotations

import doctest

from lab.base.masking import MASK, Mask
from lab.extras.vary import labels
from lab.extras.vary.combinations import Grid
from lab.extras.vary.labels import Labels
from lab.extras.vary.row import error_row

ONE, OTHER = "of-a-user-1858", "of-a-user-1866"


def test_the_examples_are_true() -> None:
    assert doctest.testmod(labels).failed == 0


def test_values_without_passwords_stay_as_they_are() -> None:
    grid = Grid(values={"body": ("a", "b"), "count": ("1", "2")})
    assert Labels.for_grid(grid, Mask.of([ONE])).grid(grid) == grid


def test_one_password_alone_has_no_number_and_a_failure_does_not_quote_it() -> None:
    grid = Grid(values={"body": (ONE, "b"), "uri": (f"x?password={OTHER}", "x?password=pw-7")}, seeds=(3,))
    its = Labels.for_grid(grid, Mask.of([ONE]))
    assert its.grid(grid).values == {
        "body": (MASK, "b"),
        "uri": (f"x?password={MASK} (1)", f"x?password={MASK} (2)"),
    }
    row = its.row(error_row(grid.combination(1), f"it said {ONE}", 3))
    assert (row.combination, row.why) == (its.grid(grid).combination(1), f"it said {MASK}")
