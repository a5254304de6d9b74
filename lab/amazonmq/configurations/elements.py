"""A configuration's elements, each with its offsets in the text.

`scan` finds the tags of a text that a real parser has already found well-formed and free of DTDs; `configuration`
joins them with the parser's names and values. These values are named tuples: a large configuration has tens of
thousands, and frozen dataclasses take four times as long to make.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_MARKUP = re.compile(
    r"""<!--.*?-->
      | <!\[CDATA\[.*?\]\]>
      | <\?.*?\?>
      | </(?P<closing>[^\s>]+)\s*>
      | <(?P<opening>[^\s/>!?]+)(?P<attributes>(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(?P<empty>/?)>""",
    re.DOTALL | re.VERBOSE,
)
_CLOSING = _MARKUP.groupindex["closing"]
_ATTRIBUTE = re.compile(r"""([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""", re.DOTALL)


class Attribute(NamedTuple):
    """An attribute: its value, and the offsets of its name, of the value inside the quotes, and of its end."""

    name: str
    namespace: str
    value: str
    start: int
    value_start: int
    end: int


class Element(NamedTuple):
    """An element with its offsets in the text; an empty one, `<x/>`, closes where it opens.

    <plugins a="b">…</plugins>
    ^start        ^attributes_end
                   ^open_end
                    ^close_start (of the text between)
                              ^end
    """

    tag: str
    name: str
    namespace: str
    attributes: tuple[Attribute, ...]
    children: tuple[Element, ...]
    text: str
    start: int
    attributes_end: int
    open_end: int
    close_start: int
    end: int

    @property
    def empty(self) -> bool:
        """True if the element is written as `<x/>`."""
        return self.end == self.open_end

    @property
    def prefix(self) -> str:
        """The tag's namespace prefix with its colon, or an empty text."""
        head, colon, _ = self.tag.rpartition(":")
        return head + colon

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of a name, or None."""
        return next((each for each in self.attributes if each.name == name), None)

    def get(self, name: str) -> str | None:
        """Return the value of the attribute of a name, or None."""
        found = self.attribute(name)
        return None if found is None else found.value

    def find(self, *path: str) -> Element | None:
        """Return the element at a path of child names, the first child of each name, or None."""
        element: Element | None = self
        for name in path:
            element = next((each for each in element.children if each.name == name), None) if element else None
        return element

    def children_named(self, name: str) -> Iterator[Element]:
        """Return the children of a name: ActiveMQ takes an element that is written twice."""
        return (each for each in self.children if each.name == name)

    def walk(self) -> Iterator[Element]:
        """Yield this element and its descendants, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()


class Tag(NamedTuple):
    """An element as it is written, its namespace prefix not yet resolved."""

    name: str
    attributes: tuple[tuple[str, int, int, int], ...]  # name, start, value_start, end
    start: int
    attributes_end: int
    open_end: int
    close_start: int
    end: int


class Unclosed(NamedTuple):
    """A tag without an end: where it was opened, and the closing tag that does not fit, or none at the text's end."""

    name: str
    start: int
    closing: str
    end: int  # after that closing tag, or of the text


def scan(text: str) -> tuple[Tag, ...]:
    """Return every element of a well-formed text, in the order of the opening tags."""
    tags: list[Tag | None] = []
    opened: list[tuple[int, re.Match[str]]] = []
    for match in _MARKUP.finditer(text):
        if match.lastindex is None:
            continue  # a comment, CDATA or processing instruction
        if match.lastindex != _CLOSING:
            tags.append(None)
            opened.append((len(tags) - 1, match))
        if match.lastindex == _CLOSING or match["empty"]:
            index, opening = opened.pop()
            tags[index] = _tag(text, opening, match)
    return tuple(tag for tag in tags if tag is not None)


def unclosed(text: str) -> Iterator[Unclosed]:
    """Yield each tag that is open where a closing one does not fit, or where the text ends, in the text's order.

    A closing tag ends the tag of its name, and those that were opened in it and have no end. A tag that closes nothing
    may be superfluous or misspelled, so it is the last one to be yielded. The tags must be legible up to there.
    """
    opened: list[re.Match[str]] = []
    for match in _MARKUP.finditer(text):
        if match.lastindex == _CLOSING and opened:
            last = opened.pop()
            if last["opening"] == match["closing"]:
                continue
            yield _unclosed(last, match["closing"], match.end())
            if match["closing"] not in (each["opening"] for each in opened):
                return
            while (last := opened.pop())["opening"] != match["closing"]:
                yield _unclosed(last, match["closing"], match.end())
        elif match["opening"] and not match["empty"]:
            opened.append(match)
    yield from (_unclosed(each, "", len(text)) for each in reversed(opened))


def _unclosed(opening: re.Match[str], closing: str, end: int) -> Unclosed:
    return Unclosed(name=opening["opening"], start=opening.start(), closing=closing, end=end)


def _tag(text: str, opening: re.Match[str], closing: re.Match[str]) -> Tag:
    start, attributes_end = opening.span("attributes")
    attributes: tuple[tuple[str, int, int, int], ...] = ()
    if attributes_end > start:
        spans = (each.regs for each in _ATTRIBUTE.finditer(text, start, attributes_end))
        attributes = tuple(
            (text[begin:name_end], begin, value[0] + 1, end) for (begin, end), (_, name_end), value in spans
        )
    return Tag(
        name=opening["opening"],
        attributes=attributes,
        start=opening.start(),
        attributes_end=attributes_end,
        open_end=opening.end(),
        close_start=closing.end() if closing is opening else closing.start(),
        end=closing.end(),
    )
