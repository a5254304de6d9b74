"""The JSON Schema of one line of a history, made from `KINDS`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import EnumType
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT
from msgspec.structs import fields

from lab.base.descriptions import DRAFT, sentences, summary
from lab.history.observation import VERSION, Header, Observation
from lab.history.reading import KINDS

_PLAIN: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    Any: {},
}
_KIND = {"kind": "The kind of the line."}


def history_schema() -> dict[str, Any]:
    """Return the schema of a line of a history."""
    header = _object(Header, {"history": {"const": VERSION}})
    kinds = {kind: _object(cls, {"kind": {"const": kind}}) for kind, cls in KINDS.items()}
    return {
        "$schema": DRAFT,
        "title": "A line of a history of mqlab",
        "description": f"Version {VERSION}: the header is line one, every other line is an observation",
        "type": "object",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in ("header", *kinds)],
        "$defs": {"header": header, **kinds},
    }


def _object(cls: type[Header] | type[Observation], constants: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the schema of a line of one class; `constants` has the fields that identify the class."""
    hints, described = get_type_hints(cls), sentences(cls) | _KIND
    needed = list(constants)
    properties = {name: {**schema, "description": described[name]} for name, schema in constants.items()}
    for field in fields(cls):
        if field.name in constants:
            continue
        properties[field.name] = schema = {**_value(hints[field.name]), "description": described[field.name]}
        if field.default is not NODEFAULT:
            schema["default"] = field.default
        elif field.default_factory is not NODEFAULT:
            schema["default"] = field.default_factory()
        else:
            needed.append(field.name)
    return {
        "description": summary(cls),
        "type": "object",
        "additionalProperties": False,
        "required": needed,
        "properties": properties,
    }


def _value(hint: Any) -> Mapping[str, Any]:
    """Return the schema of one field's type; a type that no field has had so far is a KeyError."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return {"anyOf": [_value(choice) for choice in inner]}
    if isinstance(hint, EnumType):
        return {"enum": [str(member.value) for member in hint]}  # type: ignore[var-annotated]
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _value(inner[1])}
    if origin is tuple:
        return {"type": "array", "items": _value(inner[0])}
    return _PLAIN[hint]
