"""Rows of cells as lines with aligned columns: all tables that commands print have this layout."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

_BETWEEN = "  "


def columns(
    rows: Iterable[Sequence[str]], *, before: str = "", right: int | None = None, width: int = 0
) -> Iterator[str]:
    """Yield rows as lines, each behind a text `before`; a row may be shorter than others.

    From the column `right` on, cells are aligned at the right. With the `width` of a terminal in characters, the last
    cell of a row continues in lines of its own.
    """
    cells = [*rows]
    widths = [max(map(len, column)) for column in zip_longest(*cells, fillvalue="")]
    for row in cells:
        aligned = [
            cell.ljust(size) if right is None or number < right else cell.rjust(size)
            for number, (cell, size) in enumerate(zip(row, widths, strict=False))
        ]
        if width:
            yield from wrapped(_BETWEEN.join([before + aligned[0], *aligned[1:-1], ""]), row[-1], width)
        else:
            yield before + _BETWEEN.join(aligned).rstrip()


def wrapped(before: str, text: str, width: int) -> list[str]:
    """Return a text behind another one, in lines that begin below its first character."""
    wrapper = textwrap.TextWrapper(
        width=width,
        initial_indent=before,
        subsequent_indent=" " * len(before),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapper.wrap(text) or [before.rstrip()]
