"""Copies of a scenario's files for the run folder: passwords masked, and YAML is YAML still."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import field

from lab.base.dataclass import dataclass
from lab.base.masking import MASK, Mask
from lab.declare.passwords import NO_PASSWORDS, leads_to_a_secret
from lab.declare.yaml_reading import Document

_BLOCK = ("|", ">")  # the signs with which a text of several lines begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A key or a text of a YAML file: its offsets, its content, and whether it is a password."""

    start: int
    end: int
    content: str = field(repr=False)
    is_password: bool = False


def texts_of(document: Document) -> tuple[Text, ...]:
    """Return every key and every text of a document, in their order."""
    found = [Text(start=spot.start, end=spot.end, content=str(keys[-1])) for keys, spot in document.keys.items()]
    for keys, spot in document.values.items():
        value = document.content
        for step in keys:
            value = value[step]
        if isinstance(value, str):
            its = leads_to_a_secret(keys) and value not in NO_PASSWORDS
            found.append(Text(start=spot.start, end=spot.end, content=value, is_password=its))
    return tuple(sorted(found, key=lambda each: each.start))


def masked(text: str, texts: Sequence[Text], mask: Mask) -> str:
    """Return a file's text with its passwords, and whatever the mask knows, masked.

    Each of the `texts` is masked by itself, since the quote at its end does not belong to the password.
    """
    parts, at = [], 0
    for each in texts:
        parts += [mask.text(text[at : each.start]), _written(text[each.start : each.end], each, mask)]
        at = each.end
    return "".join((*parts, mask.text(text[at:])))


def _written(raw: str, text: Text, mask: Mask) -> str:
    if text.is_password:
        return json.dumps(MASK)
    if raw.startswith(_BLOCK):
        return mask.text(raw)  # its lines stand as they are, and keep their indentation
    hidden = mask.text(text.content)
    return raw if hidden == text.content else json.dumps(hidden, ensure_ascii=False)  # in double quotes, for YAML too
