"""Expectations in and out of words: read from a history's header, and written in one line as a person writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from lab import units
from lab.declare.scenario import EXPECTATIONS, Expectation
from lab.errors import InputError

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .+/>-]*")


def asked(declared: Mapping[str, Any]) -> tuple[Expectation, ...]:
    """Give the expectations of a history's header."""
    kinds = {kind.claim: kind for kind in EXPECTATIONS}
    found: list[Expectation] = []
    for entry in declared.get("expect") or ():
        if not isinstance(entry, Mapping) or len(entry) != 1 or not entry.keys() <= kinds.keys():
            raise InputError.of(
                f"the history's header has an expectation that this mqlab does not know: {json.dumps(entry)}",
                f"known: {', '.join(kinds)}",
            )
        ((claim, fields),) = entry.items()
        try:
            found.append(kinds[claim].model_validate(fields))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise InputError.of(
                f"the history's header has a wrong expectation: {claim} {where}: {first['msg']}",
                "the header must stay as the run wrote it",
            ) from error
    return tuple(found)


def in_words(expectation: Expectation) -> str:
    """Write an expectation in one line, leaving out what has its default."""
    parts = []
    for name, field in type(expectation).model_fields.items():
        value = getattr(expectation, name)
        if value != field.default:
            parts.append(f"{field.alias or name.replace('_', '-')}: {_scalar(value)}")
    return f"{expectation.claim}: {{{', '.join(parts)}}}"


def _scalar(value: object) -> str:
    if isinstance(value, timedelta):
        return units.format_duration(value)
    if isinstance(value, tuple):
        items = [_scalar(item) for item in value]
        return items[0] if len(items) == 1 else f"[{', '.join(items)}]"
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
