"""The protocol rest-json: a path and JSON as request, JSON as answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from lab.base.printable import shown
from lab.extras.api.refused import ApiRefused
from lab.extras.api.wire.http import HttpAnswer, HttpRequest
from lab.extras.api.wire.models import Member, Model, Operation, Shape
from lab.extras.api.wire.scalars import Wrong, check, parse, refused, timestamp

MOST_FIELDS = 1024
BAD_REQUEST = "BadRequestException"
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "timestamp": (str, int, float),
    "blob": str,
}
_WORDS = {
    "structure": "an object",
    "map": "an object",
    "list": "a list",
    "string": "a text",
    "integer": "a whole number",
}


def operation(model: Model, request: HttpRequest) -> tuple[Operation, Mapping[str, str]]:
    """Return the operation of a path, and the parts of the path by name."""
    others = []
    for method, pattern, operation in _ways(model):
        if (match := pattern.fullmatch(request.path)) is not None:
            if method == request.method:
                names = re.findall(r"\{([^}]+)\}", operation.path)
                return operation, dict(zip(names, map(unquote, match.groups()), strict=True))
            others.append(method)
    if others:
        allowed = ", ".join(sorted(others))
        raise ApiRefused("InvalidAction", f"{request.method} is not a method of this path; use: {allowed}")
    raise ApiRefused("InvalidAction", f"no operation has the path {shown(request.path, 200)}")


def request_of(operation: Operation, parts: Mapping[str, str], request: HttpRequest) -> Mapping[str, Any]:
    """Return the request, with the names of the model's members."""
    shape = operation.request
    if shape is None:
        return {}
    content = _body(shape, request.body)
    query = _query(request.query)
    for name, member in shape.members.items():
        texts = [parts[member.wire_name]] if member.location == "uri" else query.get(member.wire_name, [])
        if member.location in ("uri", "querystring") and texts:
            content[name] = _texts(member, texts)
    for required in shape.required:
        if required not in content:
            name = shape.members[required].wire_name
            raise ApiRefused(BAD_REQUEST, f"The parameter [{name}] is required.", attribute=name)
    return content


def answer(operation: Operation, content: Mapping[str, Any], request_id: str) -> HttpAnswer:
    """Return the answer of an operation."""
    shape = operation.answer
    body = b"" if shape is None or operation.status == 204 else _json(_written(shape, content))
    return HttpAnswer(status=operation.status, headers=_headers(request_id), body=body)


def refusal(error: ApiRefused, request_id: str) -> HttpAnswer:
    """Return the answer of a refusal."""
    document = {"message": error.message, **({"errorAttribute": error.attribute} if error.attribute else {})}
    headers = {**_headers(request_id), "x-amzn-errortype": error.code}
    return HttpAnswer(status=error.status, headers=headers, body=_json(document))


def _headers(request_id: str) -> dict[str, str]:
    return {"content-type": "application/json", "x-amzn-requestid": request_id}


@cache
def _ways(model: Model) -> tuple[tuple[str, re.Pattern[str], Operation], ...]:
    def pattern(path: str) -> re.Pattern[str]:
        parts = ("([^/]+)" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", path))
        return re.compile("".join(parts) + "/?")

    return tuple((each.method, pattern(each.path), each) for each in model.operations.values())


def _query(text: str) -> Mapping[str, list[str]]:
    fields: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise ApiRefused(BAD_REQUEST, "the address has no query in UTF-8") from None
    for name, field in pairs:
        fields.setdefault(name, []).append(field)
    return fields


def _body(shape: Shape, body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ApiRefused(BAD_REQUEST, "the body is not JSON in UTF-8") from None
    return _structure(shape, _of_kind(shape, document, "the body"), "")


def _texts(member: Member, texts: list[str]) -> Any:
    try:
        if member.shape.kind == "list":
            return [parse(member.shape.content.shape, text) for text in texts]
        return parse(member.shape, texts[-1])
    except Wrong as problem:
        raise refused(BAD_REQUEST, member.wire_name, problem) from None


def _structure(shape: Shape, document: Mapping[str, Any], place: str) -> dict[str, Any]:
    names = {member.wire_name: member for member in shape.members.values() if not member.location}
    for key in document:
        if key not in names:
            raise refused(BAD_REQUEST, f"{place}{shown(key, 60)}", "there is no such parameter")
    content = {
        member.name: _parsed(member.shape, document[key], place + key)
        for key, member in names.items()
        if document.get(key) is not None
    }
    if place:
        for required in shape.required:
            if required not in content:
                name = place + shape.members[required].wire_name
                raise ApiRefused(BAD_REQUEST, f"The parameter [{name}] is required.", attribute=name)
    return content


def _parsed(shape: Shape, document: Any, place: str) -> Any:
    _of_kind(shape, document, place)
    if shape.kind == "structure":
        return _structure(shape, document, f"{place}.")
    if shape.kind == "list":
        return [_parsed(shape.content.shape, part, place) for part in document]
    if shape.kind == "map":
        return {
            _checked(shape, key, place): _parsed(shape.content.shape, part, place) for key, part in document.items()
        }
    if shape.kind in ("timestamp", "blob") and isinstance(document, str):
        return _texts_at(shape, document, place)
    if shape.kind == "timestamp":
        return datetime.fromtimestamp(min(max(document, 0), 2**32), UTC)
    return _checked(shape, document, place)


def _texts_at(shape: Shape, text: str, place: str) -> Any:
    try:
        return parse(shape, text)
    except Wrong as problem:
        raise refused(BAD_REQUEST, place, problem) from None


def _checked(shape: Shape, document: Any, place: str) -> Any:
    try:
        return check(shape, document)
    except Wrong as problem:
        raise refused(BAD_REQUEST, place, problem) from None


def _of_kind(shape: Shape, document: Any, place: str) -> Any:
    kind = _KINDS[shape.kind]
    if not isinstance(document, kind) or (isinstance(document, bool) and shape.kind != "boolean"):
        raise refused(BAD_REQUEST, place, f"it is not {_WORDS.get(shape.kind, f'a {shape.kind}')}")
    return document


def _written(shape: Shape, content: Any) -> Any:
    if shape.kind == "structure":
        return dict(_members(shape, content))
    if shape.kind == "list":
        return [_written(shape.content.shape, part) for part in content]
    if shape.kind == "map":
        return {key: _written(shape.content.shape, part) for key, part in content.items()}
    if isinstance(content, datetime):
        return timestamp(content)
    return content


def _members(shape: Shape, content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, member in shape.members.items():
        if content.get(name) is not None:
            yield member.wire_name, _written(member.shape, content[name])


def _json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
