"""Texts of a request ↔ numbers, truth values, moments; a wrong text is refused with the name of its member."""

from __future__ import annotations

import base64
import binascii
import math
import re
from datetime import UTC, datetime
from typing import Any

from lab.base.printable import shown
from lab.extras.api.refused import ApiRefused
from lab.extras.api.wire.models import Shape

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_SHOWN = 60
TRUTH = {"true": True, "false": False}


class Wrong(Exception):
    """A text that does not fit its shape, in words."""


def parse(shape: Shape, text: str) -> Any:
    """Return the content of a text by its shape; raise Wrong if it does not fit."""
    match shape.kind:
        case "integer" | "long":
            if not _INTEGER.fullmatch(text):
                raise Wrong(f"{shown(text, _LONGEST_SHOWN)} is not a whole number")
            return check(shape, int(text))
        case "float" | "double":
            try:
                return check(shape, float(text))
            except ValueError:
                raise Wrong(f"{shown(text, _LONGEST_SHOWN)} is not a number") from None
        case "boolean":
            if text.lower() not in TRUTH:
                raise Wrong(f"{shown(text, _LONGEST_SHOWN)} is neither true nor false")
            return TRUTH[text.lower()]
        case "blob":
            try:
                return base64.b64decode(text, validate=True)
            except (ValueError, binascii.Error):
                raise Wrong("the text is not base64") from None
        case "timestamp":
            return _moment(text)
        case "string":
            return check(shape, text)
    raise Wrong(f"a text is not a {shape.kind}")


def check(shape: Shape, content: Any) -> Any:
    """Return a content that fits its shape's limits; raise Wrong if it does not."""
    if isinstance(content, str):
        if _NOT_IN_XML.search(content):
            raise Wrong("the text has a control character")
        if shape.enum and content.upper() not in shape.enum:
            raise Wrong(f"{shown(content, _LONGEST_SHOWN)} is not one of {', '.join(sorted(shape.enum))}")
    elif isinstance(content, int | float):
        least, most = shape.traits.get("min", -math.inf), shape.traits.get("max", math.inf)
        if not least <= content <= most:
            raise Wrong(f"{content} is not between {least} and {most}")
        if not math.isfinite(content):
            raise Wrong(f"{content} is not a number")
    return content


def timestamp(moment: datetime) -> str:
    """Return a moment as AWS writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def refused(code: str, attribute: str, problem: Wrong | str) -> ApiRefused:
    """Return the refusal of a part of a request."""
    return ApiRefused(code, f"Value for parameter {attribute} is invalid: {problem}", attribute=attribute)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(f"{shown(text, _LONGEST_SHOWN)} is not a time such as 2026-12-01T00:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
