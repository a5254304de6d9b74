"""Labels of values, which replace the values in a table, a page or an error, where no password may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lab.base.dataclass import dataclass
from lab.base.masking import MASK, Mask, is_secret
from lab.declare.passwords import NO_PASSWORDS
from lab.extras.vary.combinations import Combination, Grid
from lab.extras.vary.row import Row


def labels(values: Sequence[str], mask: Mask) -> tuple[str, ...]:
    """Return the values of one key without passwords; with their numbers, from 1, where two would look alike.

    >>> labels(["body of-a-user-1858", "body of-a-user-1866", "other"], Mask.of(["of-a-user-1858", "of-a-user-1866"]))
    ('body ******** (1)', 'body ******** (2)', 'other (3)')
    """
    return _told_apart([mask.text(each) for each in values])


def refused(combination: Combination, grid: Grid, mask: Mask) -> str:
    """Return the words of a combination that is refused: a value that seems to give a password is masked as a whole."""
    words = []
    for key in grid.varied:
        its = grid.values[key]
        found = _told_apart([MASK if _gives_a_password(key, each) else mask.text(each) for each in its])
        words.append(f"{key}={found[its.index(combination.set[key])]}")
    return ", ".join(words)


def _gives_a_password(key: str, text: str) -> bool:
    """Return whether a value may give one, or a header's secret, too short to be masked wherever it stands."""
    return is_secret(f"{key.rpartition('.')[2]} {text}") and text not in NO_PASSWORDS


def _told_apart(texts: Sequence[str]) -> tuple[str, ...]:
    if len(set(texts)) == len(texts):
        return tuple(texts)
    return tuple(f"{each} ({number})" for number, each in enumerate(texts, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The labels of a grid's values, which stand in its rows instead of them."""

    mask: Mask
    by_value: Mapping[str, Mapping[str, str]]  # key → value → label, in the order of the values

    @classmethod
    def for_grid(cls, grid: Grid, mask: Mask) -> Labels:
        """Return the labels of all values of a grid."""
        its = {key: dict(zip(values, labels(values, mask), strict=True)) for key, values in grid.values.items()}
        return cls(mask=mask, by_value=its)

    def grid(self, grid: Grid) -> Grid:
        """Return the grid with labels instead of values."""
        return replace(grid, values={key: tuple(its.values()) for key, its in self.by_value.items()})

    def row(self, row: Row) -> Row:
        """Return a row with labels instead of values, and without passwords in its reason."""
        its = {key: self.by_value[key][value] for key, value in row.combination.set.items()}
        return replace(row, combination=replace(row.combination, set=its), why=self.mask.text(row.why))
