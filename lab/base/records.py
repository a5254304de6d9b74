"""JSON objects that people or other programs may have edited → msgspec Structs, or an error that names the field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from lab.base.printable import shown
from lab.base.whole_lines import LineError

compact_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
S = TypeVar("S", bound=msgspec.Struct)
_AT = re.compile(r"(?P<problem>.*) - at (?:`key` in )?`\$\.?(?P<field>[^`]*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field (`[^`]*`)")


def record(line: Mapping[str, Any], kind: type[S]) -> S:
    """Return the Struct of a JSON object; raise LineError for an unknown, missing or wrong field.

    The error does not contain the field's content, which may be a part of a password.
    """
    for name in line:
        if name not in kind.__struct_encode_fields__:
            raise LineError(
                f"there is no field {shown(name, 40)} here; the fields are {', '.join(kind.__struct_encode_fields__)}"
            )
    try:
        return msgspec.convert(line, kind)
    except msgspec.ValidationError as error:
        raise LineError(_problem(str(error))) from error


def _problem(text: str) -> str:
    """Return msgspec's error with the field first: "`seed`: expected `int`, got `str`"."""
    if (missing := _MISSING.search(text)) is not None:
        return f"{missing[1]} is missing"
    found = _AT.fullmatch(text)
    problem, field = (text, "") if found is None else (found["problem"], found["field"])
    if "matching regex" in problem:
        problem = "a character that is not allowed here"
    problem = problem[:1].lower() + problem[1:]
    return f"`{field}`: {problem}" if field else problem
