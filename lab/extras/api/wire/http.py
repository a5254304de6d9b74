"""A request and an answer of HTTP as plain values, apart from the server that carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request; `path` is as it was sent, with its percent signs, and names of headers are in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
