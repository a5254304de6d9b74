"""The protocols ec2 and query: a form as request, XML as answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from lab.base.printable import shown
from lab.extras.api.refused import ApiRefused
from lab.extras.api.wire.http import HttpAnswer, HttpRequest
from lab.extras.api.wire.models import Model, Operation, Shape
from lab.extras.api.wire.scalars import Wrong, parse, refused, timestamp

MOST_FIELDS = 4096
MOST_LEVELS = 16
_OWN = ("Action", "Version")
_SIGNATURE = ("X-Amz-", "AWSAccessKeyId", "Signature", "Timestamp", "Expires", "SecurityToken")
_HEADERS = {"content-type": "text/xml;charset=UTF-8", "cache-control": "no-cache, no-store"}

Tree = dict[str, Any]  # the parts of names between dots; a field's text is at ""


def form(request: HttpRequest) -> Mapping[str, str]:
    """Return the fields of a request, from its body or, of GET, from its address."""
    try:
        text = request.query if request.method == "GET" else request.body.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise ApiRefused(
            "MalformedQueryString", f"the request is not a form in UTF-8 of at most {MOST_FIELDS} fields"
        ) from None
    return dict(pairs)


def operation(model: Model, fields: Mapping[str, str]) -> Operation:
    """Return the operation that a form asks for."""
    name = fields.get("Action", "")
    if not name:
        raise ApiRefused("MissingAction", "The request must contain the parameter Action")
    if name not in model.operations:
        raise ApiRefused("InvalidAction", f"The action {shown(name, 100)} is not valid for this web service.")
    return model.operations[name]


def request_of(operation: Operation, fields: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the request that a form has, with the names of the model's members."""
    tree: Tree = {}
    for name, text in fields.items():
        if name not in _OWN and not name.startswith(_SIGNATURE):
            _put(tree, name, text)
    if operation.request is None:
        if tree:
            raise _unknown(next(iter(tree)))
        return {}
    return _structure(operation.request, tree, "")


def answer(model: Model, operation: Operation, content: Mapping[str, Any], request_id: str) -> HttpAnswer:
    """Return the answer of an operation."""
    inner = "" if operation.answer is None else _members(operation.answer, content)
    name = operation.name
    if model.protocol == "ec2":
        space = f"http://ec2.amazonaws.com/doc/{model.version}/"
        done = "" if operation.answer is not None and operation.answer.members else "<return>true</return>"
        body = f"<requestId>{request_id}</requestId>{inner or done}"
    else:
        space = model.namespace
        metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        body = f"<{name}Result>{inner}</{name}Result>{metadata}"
    return _xml(operation.status, f'<{name}Response xmlns="{space}">{body}</{name}Response>', request_id)


def refusal(protocol: str, error: ApiRefused, request_id: str) -> HttpAnswer:
    """Return the answer of a refusal."""
    code, message = escape(error.code), escape(error.message)
    if protocol == "ec2":
        inner = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        text = f"<Response>{inner}<RequestID>{request_id}</RequestID></Response>"
    else:
        inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        text = f"<ErrorResponse>{inner}<RequestId>{request_id}</RequestId></ErrorResponse>"
    return _xml(error.status, text, request_id)


def _xml(status: int, text: str, request_id: str) -> HttpAnswer:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return HttpAnswer(status=status, headers={**_HEADERS, "x-amzn-requestid": request_id}, body=body)


def _put(tree: Tree, name: str, text: str) -> None:
    parts = name.split(".")
    if len(parts) > MOST_LEVELS:
        raise _unknown(name)
    for part in parts:
        tree = tree.setdefault(part, {})
    tree[""] = text


def _structure(shape: Shape, tree: Tree, place: str) -> dict[str, Any]:
    if "" in tree:
        raise refused("InvalidParameterValue", place, "a structure has no text")
    names = {member.query_name: member for member in shape.members.values()}
    for key in tree:
        if key not in names:
            raise _unknown(_join(place, key))
    content = {
        member.name: _parsed(member.shape, tree[key], _join(place, key)) for key, member in names.items() if key in tree
    }
    for required in shape.required:
        if required not in content:
            name = _join(place, shape.members[required].query_name)
            raise ApiRefused("MissingParameter", f"The request must contain the parameter {name}", attribute=name)
    return content


def _parsed(shape: Shape, tree: Tree, place: str) -> Any:
    if shape.kind == "structure":
        return _structure(shape, tree, place)
    if shape.kind == "list":
        if any(not (key.isascii() and key.isdigit() and len(key) < 6) for key in tree):
            raise refused("InvalidParameterValue", place, "the numbers of a list begin with 1")
        content = shape.content.shape
        return [_parsed(content, tree[key], f"{place}.{key}") for key in sorted(tree, key=int)]
    if set(tree) != {""}:
        raise _unknown(_join(place, next(key for key in tree if key)))
    try:
        return parse(shape, tree[""])
    except Wrong as problem:
        raise refused("InvalidParameterValue", place, problem) from None


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _unknown(name: str) -> ApiRefused:
    return ApiRefused("UnknownParameter", f"The parameter {shown(name, 100)} is not recognized")


def _members(shape: Shape, content: Mapping[str, Any]) -> str:
    return "".join(
        _written(member.shape, content[name], member.wire_name)
        for name, member in shape.members.items()
        if content.get(name) is not None
    )


def _written(shape: Shape, content: Any, tag: str) -> str:
    if shape.kind == "structure":
        inner = _members(shape, content)
    elif shape.kind == "list":
        inner = "".join(_written(shape.content.shape, part, shape.content.wire_name) for part in content)
    elif isinstance(content, bool):
        inner = str(content).lower()
    else:
        inner = escape(timestamp(content) if isinstance(content, datetime) else str(content), {"\r": "&#13;"})
    return f"<{tag}>{inner}</{tag}>"
