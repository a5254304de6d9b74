"""The source of a configuration's text: a file of its own, or lines of another one; with values set from outside.

Maps each place in the text to the place where a person finds it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from lab.amazonmq.configurations.edits import Edit, apply
from lab.base.dataclass import dataclass
from lab.errors import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A piece of a line that was set from outside, and the number of columns that it replaces in the file."""

    line: int
    column: int
    columns: int
    instead_of: int
    set: str  # as in a Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text's file, the line at which it begins there, and the columns before each of its lines."""

    file: str
    line: int = 1
    indent: int = 0
    changes: tuple[Change, ...] = ()  # in the order of the text

    def place(self, line: int, column: int) -> Place:
        """Return the place in the file of a line and column of the text, all counted from 1."""
        shift, its = 0, ""
        for change in self.changes:
            if change.line != line or column < change.column:
                continue
            if column < change.column + change.columns:
                column, its = change.column, change.set
                break
            shift += change.instead_of - change.columns
        return Place(file=self.file, line=self.line + line - 1, column=column + shift + self.indent, set=its)


def change(text: str, source: Source, edits: Iterable[tuple[Edit, str]]) -> tuple[str, Source]:
    """Return a text with edits made, and its source; each edit stays on its line, and has the KEY it is made for."""
    edits = sorted(edits, key=lambda each: (each[0].start, each[0].end))
    changed = apply(text, [edit for edit, _ in edits])
    starts = _line_starts(changed)
    grown = accumulate((len(edit.text) - (edit.end - edit.start) for edit, _ in edits), initial=0)
    found = [_change(edit, edit.start + before, starts, key) for (edit, key), before in zip(edits, grown, strict=False)]
    return changed, replace(source, changes=tuple(found))


def _change(edit: Edit, offset: int, starts: Sequence[int], key: str) -> Change:
    line = bisect_right(starts, offset)
    column = offset - starts[line - 1] + 1
    return Change(line=line, column=column, columns=len(edit.text), instead_of=edit.end - edit.start, set=key)


def _line_starts(text: str) -> list[int]:
    return [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
