"""Edits that add attributes and elements to an XML text and leave its own lines unchanged.

Knows nothing of ActiveMQ: `activemq_xml` decides what to add. Every addition follows the text's indentation, line ends
and namespace prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from lab.amazonmq.configurations.elements import Element
from lab.base.dataclass import dataclass

_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_INDENT = re.compile(r"(?:\A|\n)([ \t]*)\Z")
_BLANK_TO_LINE_END = re.compile(r"[ \t]*(?:\r?\n)")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """A replacement of the text between two offsets; an insertion if they are equal."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Node:
    """An element to be added, with its parent's namespace prefix unless `own_namespace` is set."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Node, ...] = ()
    own_namespace: str = ""


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with every edit made; edits at the same place are made in the order given."""
    pieces: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        pieces += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*pieces, text[position:]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The line ends and indentation of a text, and the edits that add to it in the same layout."""

    source: str
    newline: str
    step: str

    @classmethod
    def of(cls, source: str, root: Element) -> Layout:
        """Return the layout of a text whose outermost element is `root`."""
        newline = "\r\n" if "\r\n" in source else "\n"
        inner = [match[1] for child in root.children if (match := _INDENT.search(source, 0, child.start))]
        outer = _indent(source, root.start)
        step = next((each.removeprefix(outer) for each in inner if len(each) > len(outer)), "  ")
        return cls(source=source, newline=newline, step=step)

    def add_attributes(self, element: Element, attributes: Mapping[str, str], *, own_line: bool = False) -> list[Edit]:
        """Return the edits that add attributes after the last one.

        They stand on its line, or on a new line if the last one begins a line or `own_line` is true.
        """
        if not attributes:
            return []
        written = " ".join(f"{name}={quoted(value)}" for name, value in attributes.items())
        last = element.attributes[-1] if element.attributes else None
        alone = None if last is None else _INDENT.search(self.source, 0, last.start)
        if alone is not None:
            lead = self.newline + alone[1]
        elif own_line:
            lead = self.newline + _indent(self.source, element.start) + " " * (len(element.tag) + 2)
        else:
            lead = " "
        return [Edit(start=element.attributes_end, end=element.attributes_end, text=lead + written)]

    def add_children(self, element: Element, nodes: Sequence[Node | str], *, first: bool = False) -> list[Edit]:
        """Return the edits that add elements or lines of text after an element's children, before them if `first`."""
        if not nodes:
            return []
        outer = _indent(self.source, element.start)
        lines = [outer + self.step + line for node in nodes for line in self._lines(node, element.prefix)]
        block = self.newline.join(lines)
        if element.empty:
            text = f">{self.newline}{block}{self.newline}{outer}</{element.tag}>"
            return [Edit(start=element.open_end - 2, end=element.open_end, text=text)]
        if first:
            stays = _BLANK_TO_LINE_END.match(self.source, element.open_end) is not None
            tail = "" if stays else self.newline + outer + self.step
            return [Edit(start=element.open_end, end=element.open_end, text=self.newline + block + tail)]
        alone = _INDENT.search(self.source, 0, element.close_start)
        if alone is not None:
            return [Edit(start=alone.start(1), end=alone.start(1), text=block + self.newline)]
        text = f"{self.newline}{block}{self.newline}{outer}"
        return [Edit(start=element.close_start, end=element.close_start, text=text)]

    def _lines(self, node: Node | str, prefix: str) -> list[str]:
        if isinstance(node, str):
            return [node]
        tag = node.name if node.own_namespace else prefix + node.name
        attributes = {"xmlns": node.own_namespace} if node.own_namespace else {}
        opening = tag + "".join(f" {key}={quoted(value)}" for key, value in {**attributes, **node.attributes}.items())
        if not node.children:
            return [f"<{opening}/>"]
        inner = [self.step + line for child in node.children for line in self._lines(child, prefix)]
        return [f"<{opening}>", *inner, f"</{tag}>"]


def quoted(text: str) -> str:
    """Return a value quoted and escaped for an attribute; `xml.sax.saxutils` would import `urllib` for this."""
    return f'"{text.translate(_ESCAPES)}"'


def _indent(source: str, offset: int) -> str:
    """Return the white space before an offset, or an empty text if anything else precedes it on its line."""
    match = _INDENT.search(source, 0, offset)
    return match[1] if match else ""
