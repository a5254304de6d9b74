"""A configuration that is written in a topology's file: its lines are lines of that file."""

from __future__ import annotations

from lab.amazonmq.configurations.source import Source
from lab.declare.yaml_reading import Document, Spot
from lab.errors import InputError


def is_xml(text: str) -> bool:
    """Return whether a text is a configuration itself, not the path of one."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def source_of(text: str, spot: Spot, document: Document) -> Source:
    """Return the source of a text that is written at a spot of a document; raise InputError if not with `|`."""
    head, _, body = document.text[spot.start : spot.end].partition("\n")
    if not head.startswith("|"):
        what = "a configuration that is written here has to keep its lines"
        raise InputError.of(what, "write configuration: | and the XML on the lines below it, indented", spot.place)
    pairs = zip(body.split("\n"), text.split("\n"), strict=False)
    indent = next((len(raw.rstrip("\r")) - len(line) for raw, line in pairs if line.strip()), 0)
    return Source(file=document.file, line=spot.place.line + 1, indent=indent)
