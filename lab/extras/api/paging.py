"""Pages of an answer: a handler returns all rows, and the request's MaxResults and NextToken choose some."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from lab.extras.api.refused import ApiRefused
from lab.extras.api.wire.models import Operation, Shape

USUAL_PAGE_ROWS = {"mq": 20}  # without MaxResults; other services answer all rows
_TOKEN = re.compile(r"mqlab:(?P<operation>\w+):(?P<start>\d{1,9})")


def page(
    service: str, operation: Operation, request: Mapping[str, Any], answer: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the page of an answer that a request asks for; an answer without pages is returned as it is."""
    if not _has_pages(operation):
        return answer
    assert operation.answer is not None  # it has pages
    rows = _rows(operation.answer)
    start = _start(service, operation, request.get("NextToken"))
    most = request.get("MaxResults") or USUAL_PAGE_ROWS.get(service) or len(answer.get(rows, ()))
    end = start + most
    left = {"NextToken": _token(operation, end)} if end < len(answer.get(rows, ())) else {}
    return {**answer, rows: answer.get(rows, ())[start:end], **left}


def _has_pages(operation: Operation) -> bool:
    shapes = (operation.request, operation.answer)
    return all(shape is not None and "NextToken" in shape.members for shape in shapes)


def _rows(answer: Shape) -> str:
    return next(name for name, member in answer.members.items() if member.shape.kind == "list")


def _token(operation: Operation, start: int) -> str:
    return base64.urlsafe_b64encode(f"mqlab:{operation.name}:{start}".encode()).decode()


def _start(service: str, operation: Operation, token: str | None) -> int:
    if not token:
        return 0
    try:
        match = _TOKEN.fullmatch(base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode())
    except (ValueError, binascii.Error):
        match = None
    if match is None or match["operation"] != operation.name:
        code, name = ("BadRequestException", "nextToken") if service == "mq" else ("InvalidNextToken", "NextToken")
        raise ApiRefused(
            code, f"Value for parameter {name} is invalid: ask without it for the first page", attribute=name
        )
    return int(match["start"])
