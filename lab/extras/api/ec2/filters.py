"""Filters of Describe operations: the names are checked before the rows, so that a wrong name never passes unseen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lab.extras.api.refused import ApiRefused

MOST_TEXTS = 200  # of one filter
_LONGEST_TEXT = 512  # characters
ABSENT = ""  # the path of a filter whose facts the lab does not have: no row fits


def fitting(
    rows: Iterable[Mapping[str, Any]], request: Mapping[str, Any], paths: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    """Return the rows that fit all filters of a request; `paths` has the members of a row that a filter compares."""
    wanted: Sequence[Mapping[str, Any]] = request.get("Filters") or ()
    for each in wanted:
        name = each.get("Name") or ""
        if name not in paths and name != "tag-key" and not name.startswith("tag:"):
            raise ApiRefused("InvalidParameterValue", f"The filter '{name}' is invalid", attribute="Filters")
        texts = each.get("Values") or ()
        if len(texts) > MOST_TEXTS or any(len(text) > _LONGEST_TEXT for text in texts):
            problem = f"A filter has at most {MOST_TEXTS} values of {_LONGEST_TEXT} characters"
            raise ApiRefused("FilterLimitExceeded", problem, attribute="Filters")
    return [row for row in rows if all(_fits(row, each, paths) for each in wanted)]


def chosen(
    rows: Iterable[Mapping[str, Any]], ids: Sequence[str] | None, member: str, code: str, kind: str
) -> list[Mapping[str, Any]]:
    """Return the rows with these ids, or all; an id that no row has is refused."""
    listed = list(rows)
    if not ids:
        return listed
    missing = [each for each in ids if each not in {row[member] for row in listed}]
    if missing:
        several = len(missing) > 1
        joined = ", ".join(missing)
        raise ApiRefused(code, f"The {kind} ID{'s' * several} '{joined}' do{'es' * (not several)} not exist")
    return [row for row in listed if row[member] in ids]


def _fits(row: Mapping[str, Any], wanted: Mapping[str, Any], paths: Mapping[str, str]) -> bool:
    name = wanted["Name"]
    tags = row.get("Tags", row.get("TagSet", ()))
    if name == "tag-key":
        texts = [each["Key"] for each in tags]
    elif name.startswith("tag:"):
        texts = [each["Value"] for each in tags if each["Key"] == name.removeprefix("tag:")]
    else:
        texts = list(_texts(row, paths[name].split("."))) if paths[name] else []
    patterns = [_Pattern(str(each)) for each in wanted.get("Values") or ()]
    return any(pattern.fits(text) for pattern in patterns for text in texts)


def _texts(part: Any, path: Sequence[str]) -> Iterator[str]:
    """Yield the texts at a path of members; a list on the way has one for each entry."""
    if isinstance(part, list | tuple):
        for each in part:
            yield from _texts(each, path)
    elif not path:
        if part is not None:
            yield str(part).lower() if isinstance(part, bool) else str(part)
    elif isinstance(part, Mapping) and path[0] in part:
        yield from _texts(part[path[0]], path[1:])


class _Pattern:
    r"""The text of a filter: `*` is any text, `?` one character, and `\` makes the next character plain.

    The parts between two `*` have fixed lengths and are found from left to right, so that no text takes long.
    """

    def __init__(self, text: str) -> None:
        parts: list[list[str]] = [[]]
        for sign in re.findall(r"\\.|.", text, flags=re.DOTALL):
            if sign == "*":
                parts.append([])
            else:
                parts[-1].append("." if sign == "?" else re.escape(sign[-1]))
        self._first, *self._others = [re.compile("".join(part), flags=re.DOTALL) for part in parts]
        self._last_length = len(parts[-1])

    def fits(self, text: str) -> bool:
        """Return whether a text fits the pattern as a whole."""
        if not self._others:
            return self._first.fullmatch(text) is not None
        found = self._first.match(text)
        for part in self._others[:-1]:
            found = found and part.search(text, found.end())
        start = len(text) - self._last_length
        return found is not None and start >= found.end() and self._others[-1].match(text, start) is not None
