"""The mistakes in a text that is not XML: a parser's errors, except those that only follow from an earlier error.

Knows no parser: `configuration` hands over the log of its parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from lab.amazonmq.configurations.elements import Unclosed, unclosed
from lab.amazonmq.configurations.source import Source
from lab.base import wide_signs
from lab.errors import Place, Problem

MOST_MISTAKES = 10  # that are told of one text; who mends ten looks again
# AWS's own guide once printed a uri with a bare &, and people paste it.
_REMEDIES = (
    ("EntityRef", "write &amp; where an & is meant"),
    (
        "Double hyphen",
        "an XML comment must not contain -- except in its closing -->; replace it with another character",
    ),
)
_OF_TAGS = ("ERR_TAG_NAME_MISMATCH", "ERR_TAG_NOT_FINISHED", "ERR_DOCUMENT_END")
# After these a parser has read every tag as it is written, so that each can be told which one lacks its end.
_BESIDE_TAGS = (
    "ERR_ENTITYREF_SEMICOL_MISSING",
    "ERR_UNDECLARED_ENTITY",
    "ERR_HYPHEN_IN_COMMENT",
    "ERR_ATTRIBUTE_REDEFINED",
    "ERR_INVALID_CHAR",
    "NS_ERR_UNDEFINED_NAMESPACE",
)
_NO_NAME = "xmlParseEntityRef: no name"  # of a kind that it shares with broken tags
_VALUES = ("ERR_LT_IN_ATTRIBUTE", "ERR_ATTRIBUTE_NOT_STARTED")  # after one of these the rest of a tag is misread
_REST = "ERR_SPACE_REQUIRED"
_IN_QUOTES = re.compile(r""""[^"]*"|'[^']*'""")
_UNQUOTED = re.compile(r"""([\w:.-]+)\s*=\s*([^\s"'<>/]+)""")
_VALUELESS = re.compile(r"Specification mandates value for attribute ([\w:.-]+)")
_PLAIN_VALUE = re.compile("true|false|[0-9]{1,9}")
_WHERE = re.compile(r",? line \d+(?:, column \d+)?")
_QUOTED = re.compile(r"(?<=within comment): <!--.*|\n.*", re.DOTALL)


class Logged(NamedTuple):
    """A parser's message about a place: line and column count from 1, and kind is libxml2's name of the error."""

    line: int
    column: int
    kind: str
    message: str


def mistakes(text: str, source: Source, first: Logged, log: Iterable[Logged]) -> tuple[Problem, ...]:
    """Return the first ten mistakes in a text, by place, and a note if there are more.

    `first` is the error that ended the parse, and is always reported. Other errors are skipped if they follow from an
    earlier one: a tag that closes nothing because an earlier tag was not read. A line has one mistake of each kind.
    """
    log = tuple(log)
    legible_to = MOST_MISTAKES + 1 if _legible(log) else int(first.kind in _OF_TAGS)  # it ends the well-formed part
    ends = tuple(islice(unclosed(text), legible_to))
    if first.kind in _OF_TAGS and ends:
        found = [_problem(source.place(first.line, first.column), first.message, _opened(text, source, ends[0]))]
        ends = ends[1:]
    else:
        found = [_problem(source.place(first.line, first.column), first.message, _in_a_tag(text, first))]
    found += [
        _problem(source.place(each.line, each.column), each.message, _in_a_tag(text, each)) for each in _own(first, log)
    ]
    found += [_end(text, source, each) for each in ends]
    found.sort(key=lambda each: each.place or Place(file="", line=0, column=0))
    if len(found) > MOST_MISTAKES:
        more = Problem(what="the text has more mistakes from here on", remedy="", place=found[MOST_MISTAKES].place)
        return (*found[:MOST_MISTAKES], more)
    return tuple(found)


def _legible(log: Sequence[Logged]) -> bool:
    return all(each.kind in (*_OF_TAGS, *_BESIDE_TAGS) or each.message.startswith(_NO_NAME) for each in log)


def _own(first: Logged, log: Sequence[Logged]) -> Iterator[Logged]:
    """Yield the logged errors after the first, except errors of tags alone and consequences of earlier errors."""
    seen = {(first.line, first.kind)}
    before = first
    for each in log:
        follows = (each.line, each.column) == (before.line, before.column) or (
            each.kind == _REST and before.kind in _VALUES
        )
        before = each
        if follows or each.kind in _OF_TAGS or (each.line, each.kind) in seen:
            continue
        seen.add((each.line, each.kind))
        yield each


def _end(text: str, source: Source, tag: Unclosed) -> Problem:
    closed = f"Opening and ending tag mismatch: {tag.name} and {tag.closing}"
    what = closed if tag.closing else f"Premature end of data in tag {tag.name}"
    return _problem(place_of(source, text, tag.end), what, _opened(text, source, tag))


def _opened(text: str, source: Source, tag: Unclosed) -> str:
    where = place_of(source, text, tag.start)
    return f"<{tag.name}> was opened at {where}: write </{tag.name}> where it ends, or />"


def _in_a_tag(text: str, logged: Logged) -> str:
    """Return the remedy for an attribute without quotes or without a value; "" for any other mistake."""
    if not logged.message.startswith(("AttValue", "Specification mandates", "error parsing attribute name")):
        return ""
    line = next(islice(text.split("\n"), logged.line - 1, None), "")
    if signs := wide_signs.remedy(_IN_QUOTES.sub("", line)):
        return signs
    if valueless := _VALUELESS.search(logged.message):
        return f'write {valueless[1]}="…": an attribute has a value'
    near = (found for found in _UNQUOTED.finditer(line) if found.end(1) <= logged.column <= found.end() + 1)
    if (unquoted := next(near, None)) is None:
        return ""
    shown = unquoted[2] if _PLAIN_VALUE.fullmatch(unquoted[2]) else "…"  # another one may be a password
    return f'write {unquoted[1]}="{shown}", with quotes around the value'


def _problem(place: Place, problem: str, remedy: str = "") -> Problem:
    problem = _QUOTED.sub("", _WHERE.sub("", problem))
    known = next((remedy for sign, remedy in _REMEDIES if sign in problem), "")
    return Problem(what=f"not well-formed XML: {problem}", remedy=remedy or known, place=place)


def place_of(source: Source, text: str, offset: int) -> Place:
    """Return the place of an offset in a text."""
    return source.place(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))
