"""Edits that remove attributes, elements and stray text from a configuration and keep its layout tidy.

A removed piece that had a line of its own takes the line with it; nothing else changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lab.amazonmq.configurations.edits import Edit
from lab.amazonmq.configurations.elements import Attribute, Element

Span = tuple[int, int]  # offsets in the text: start, and end (exclusive)

_REST_OF_LINE = re.compile(r"[ \t]*(?:\r?\n|\Z)")
_GAP = re.compile(r"[ \t]*(?=[^\s/>])")
_MARKUP = re.compile(r"<!--.*?-->|<\?.*?\?>|(?P<text><!\[CDATA\[.*?\]\]>)", re.DOTALL)
_CHARACTERS = re.compile(r"[^ \t\r\n](?:.*[^ \t\r\n])?", re.DOTALL)
_BLANKS = " \t\r\n"


def cut_attributes(text: str, element: Element, gone: Sequence[Attribute]) -> list[Edit]:
    """Return the edits that remove attributes, given in the order of the text, with the space around them."""
    edits: list[Edit] = []
    run: list[Attribute] = []
    for each in (*gone, None):
        if run and (each is None or text[run[-1].end : each.start].strip(_BLANKS)):
            edits.append(_cut_run(text, element, run[0].start, run[-1].end))
            run = []
        if each is not None:
            run.append(each)
    return edits


def cut_content(text: str, spans: Iterable[Span]) -> list[Edit]:
    """Return the edits that remove spans of an element's content, and each line on which nothing else stands."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and not text[merged[-1][1] : start].strip(" \t"):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return [_cut_with_line(text, start, end) for start, end in merged]


def stray_texts(text: str, element: Element) -> list[Span]:
    """Return the spans of text that stand directly in an element, between its children and comments."""
    if not element.text.strip(_BLANKS):
        return []
    bounds = [element.open_end, *(at for child in element.children for at in (child.start, child.end))]
    bounds.append(element.close_start)
    return [span for start, end in zip(bounds[::2], bounds[1::2], strict=True) for span in _texts(text, start, end)]


def _texts(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the spans of text between two tags, without comments and processing instructions."""
    position = start
    markup = [match.span() for match in _MARKUP.finditer(text, start, end) if not match["text"]]
    for opens, closes in (*markup, (end, end)):
        piece = _CHARACTERS.search(text, position, opens)
        if piece:
            yield piece.span()
        position = closes


def _cut_run(text: str, element: Element, start: int, end: int) -> Edit:
    """Return the edit that removes neighbouring attributes and the space before them, after them at a line's start."""
    begins_line = _line_start(text, start) is not None
    gap = _GAP.match(text, end)
    if begins_line and gap and gap.end() > end and end < element.attributes_end:
        return Edit(start=start, end=gap.end(), text="")
    while text[start - 1] in _BLANKS:
        start -= 1
    return Edit(start=start, end=end, text="")


def _cut_with_line(text: str, start: int, end: int) -> Edit:
    line, rest = _line_start(text, start), _REST_OF_LINE.match(text, end)
    if line is None or rest is None:
        return Edit(start=start, end=end, text="")
    return Edit(start=line, end=rest.end(), text="")


def _line_start(text: str, offset: int) -> int | None:
    """Return the start of an offset's line, or None if anything but blanks precedes the offset on it."""
    start = text.rfind("\n", 0, offset) + 1
    return None if text[start:offset].strip(" \t") else start
